#include "net/base64.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace ductus::net {

std::string base64(std::string_view bytes) {
  DUCTUS_ASSERT(bytes.size() <= std::size_t{1} << 30);
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // the library puts a zero behind it
  const int size =
      ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace ductus::net
