#include <ductus/app.h>

#include "tally.h"

int main(int argc, char** argv) { return ductus::run(argc, argv, {{"tally", make_tally}}); }
