#include <ductus/app.h>

#include <iostream>

#include "counter.h"

int main(int argc, char** argv) {
  const auto make = [](const ductus::Value&) { return std::make_unique<CounterModule>(std::cout); };
  return ductus::run(argc, argv, {{"counter", make}});
}
