// Transactional producers of Kafka's own client, led by lines on stdin. Each command is answered with "done" once its
// effect is in the log:
//   new NAME CODEC
//   send NAME TOPIC PARTITION COUNT     and COUNT values, one a line; begins a transaction where none is open
//   commit NAME
//   abort NAME
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Transactions {
  public static void main(String[] arguments) throws Exception {
    var producers = new HashMap<String, KafkaProducer<byte[], byte[]>>();
    var open = new HashSet<String>();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.ISO_8859_1));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      String name = words[1];
      switch (words[0]) {
        case "new" -> producers.put(name, producer(arguments[0], name, words[2]));
        case "send" -> {
          if (open.add(name)) producers.get(name).beginTransaction();
          for (int left = Integer.parseInt(words[4]); left > 0; left--) {
            byte[] value = in.readLine().getBytes(StandardCharsets.ISO_8859_1);
            producers.get(name).send(new ProducerRecord<>(words[2], Integer.parseInt(words[3]), null, value));
          }
          producers.get(name).flush();  // an abort would drop what has not left the client
        }
        case "commit" -> {
          producers.get(name).commitTransaction();
          open.remove(name);
        }
        case "abort" -> {
          producers.get(name).abortTransaction();
          open.remove(name);
        }
        default -> throw new IllegalArgumentException(line);
      }
      System.out.println("done");
    }
    Runtime.getRuntime().halt(0);  // what is open stays open
  }

  private static KafkaProducer<byte[], byte[]> producer(String bootstrap, String name, String codec) {
    var settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("transactional.id", name);
    settings.put("compression.type", codec);
    settings.put("batch.size", "4096");  // several record batches in a transaction
    settings.put("linger.ms", "5");
    var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
    return producer;
  }
}
