// The unit tests' entry point: each *_test.cc beside this file adds its own cases.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <ostream>

namespace {

// Says which cases were skipped: doctest itself only counts them.
struct Skipped : doctest::IReporter {
  explicit Skipped(const doctest::ContextOptions& options) : out(*options.cout) {}

  void test_case_skipped(const doctest::TestCaseData& test) override {
    if (test.m_skip) out << "skipped: " << test.m_name << '\n';
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}

  std::ostream& out;
};

REGISTER_LISTENER("skipped", 1, Skipped);

}  // namespace
