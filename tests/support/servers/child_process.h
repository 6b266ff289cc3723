// ChildProcess: a program that runs for a test and dies with it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ductus::test {

class ChildProcess {
 public:
  /// Starts `arguments[0]`, found by PATH. Its input is empty, its output and errors can be read here.
  explicit ChildProcess(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t test = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != test) ::_exit(1);  // it ended before the line above
      const int nothing = ::open("/dev/null", O_RDONLY);
      if (nothing < 0) ::_exit(1);
      ::dup2(nothing, STDIN_FILENO);
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~ChildProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  /// Waits for the end; the exit code, or 128 + the signal.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// Its whole output, to the end.
  std::string all() {
    std::array<char, 4096> bytes{};
    for (ssize_t got = 1; got > 0;) {
      got = ::read(output_, bytes.data(), bytes.size());
      if (got > 0) read_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return read_;
  }

  /// Reads its output until `text` stands there and the line is whole; what stands behind it in that line.
  std::string line_after(const std::string& text, std::chrono::seconds patience = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      const std::size_t at = read_.find(text);
      const std::size_t end = at == read_.npos ? at : read_.find('\n', at);
      if (end != read_.npos) return read_.substr(at + text.size(), end - at - text.size());
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd watched{output_, POLLIN, 0};
      std::array<char, 4096> bytes{};
      const bool ready = left.count() > 0 && ::poll(&watched, 1, static_cast<int>(left.count())) > 0;
      const ssize_t got = ready ? ::read(output_, bytes.data(), bytes.size()) : 0;
      if (got <= 0) throw std::runtime_error("'" + text + "' was not written; but: " + read_);
      read_.append(bytes.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string read_;
};

}  // namespace ductus::test
