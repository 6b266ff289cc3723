// The ductus program: the command line with the modules that ship with the library.
#include "ductus/app.h"

int main(int argc, char** argv) { return ductus::run(argc, argv, {}); }
