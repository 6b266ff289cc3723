#include <ductus/app.h>

#include "filter.h"

int main(int argc, char** argv) {
  return ductus::run(argc, argv, {{"filter", [](const ductus::Value&) { return std::make_unique<FilterModule>(); }}});
}
