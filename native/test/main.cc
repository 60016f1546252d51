// The unit tests' entry point: each *_test.cc beside this file adds its own cases.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
