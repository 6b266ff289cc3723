#include "counter.h"

#include <ductus/testing.h>

#include <iostream>
#include <sstream>

int main() {
  std::ostringstream out;
  ductus::TestNode node(std::make_unique<CounterModule>(out));
  ductus::TestPartition& first = node.open("clicks", 0);
  ductus::TestPartition& second = node.open("clicks", 1);
  node.open("views", 0);
  const bool fed = first.feed({"one", "three"}).is_ok() && first.feed({"x"}).is_ok() && second.feed({"four"}).is_ok();
  node.aggregate();
  const bool counted = out.str() == "clicks: 4 messages, 13 bytes\nviews: 0 messages, 0 bytes\n";
  if (!counted) std::cerr << "counted wrongly:\n" << out.str();
  return fed && counted ? 0 : 1;
}
