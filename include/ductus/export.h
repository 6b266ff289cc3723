// DUCTUS_EXPORT: what libductus.so shows to the programs that link it; everything else is hidden.
#pragma once

#define DUCTUS_EXPORT __attribute__((visibility("default")))
