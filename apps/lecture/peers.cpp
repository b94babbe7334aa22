#include "peers.hpp"

#include <csignal>
#include <cstring>

#include <fmt/format.h>

namespace lecture {

namespace {

std::string last_line(std::string text) {
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    const auto newline = text.rfind('\n');
    return newline == std::string::npos ? text : text.substr(newline + 1);
}

std::string name_of_signal(int signal) {
    const char* name = ::sigabbrev_np(signal);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

Answer answer_of(const Ending& ending) {
    Answer answer{.seconds = ending.seconds};
    switch (ending.how) {
        case Ending::How::late:
            answer.fate = Fate::silent;
            answer.why = fmt::format("no answer in {:.1f} s", ending.seconds);
            return answer;
        case Ending::How::signalled:
            answer.fate = Fate::died;
            answer.why = name_of_signal(ending.code);
            return answer;
        case Ending::How::exited:
            break;
    }
    answer.reply = json::parse(last_line(ending.out), nullptr, false);
    if (ending.code != 0 || !answer.reply.is_object()) {
        answer.fate = Fate::failed;
        answer.why = fmt::format("exit status {}: {}", ending.code, last_line(ending.err));
        answer.reply = json::object();
    }
    return answer;
}

ChildOptions python_child(std::vector<std::string> arguments, std::chrono::milliseconds deadline) {
    std::vector<std::string> argv{"/usr/bin/env", "python3", "-"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return {.argv = std::move(argv), .input = file_of(python_script), .deadline = deadline};
}

}  // namespace

Figure Answer::figure(const std::string& key) const {
    if (fate != Fate::done) {
        return {.fate = fate, .seconds = seconds, .why = why};
    }
    const auto found = reply.find(key);
    if (found == reply.end()) {
        return {.fate = Fate::failed, .seconds = seconds, .why = "no " + key};
    }
    if (!found->is_number()) {
        return {.fate = Fate::never};
    }
    return {.seconds = found->get<double>()};
}

Child start_self(std::string_view name, const json& request, std::chrono::milliseconds deadline,
                 Fd input) {
    return Child({.argv = {"/proc/self/exe", "--peer", std::string(name), request.dump()},
                  .input = std::move(input),
                  .deadline = deadline});
}

Answer ask_self(std::string_view name, const json& request) {
    return answer_of(start_self(name, request, std::chrono::seconds(30)).wait());
}

Python::Python() {
    const Ending ending = Child(python_child({"version"}, std::chrono::seconds(10))).wait();
    if (ending.how == Ending::How::exited && ending.code == 0) {
        version_ = last_line(ending.out);
    }
}

Answer Python::ask(std::string_view name, const json& request,
                   std::chrono::milliseconds deadline) const {
    if (!present()) {
        return {.fate = Fate::absent, .why = "python3 is not installed"};
    }
    return answer_of(Child(python_child({std::string(name), request.dump()}, deadline)).wait());
}

}  // namespace lecture
