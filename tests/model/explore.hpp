#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Exhaustive exploration of small models: every reachable state, every order of steps.
namespace model {

/// What happened between two states, for the trace of a violation.
struct Step {
    std::string_view who;   ///< "worker", "server", "client"
    int number = -1;        ///< which worker; -1: there is only one
    std::string_view what;  ///< "phase = intent"
    int value = -1;         ///< the item, page or worker it is about; -1: none
    bool fault = false;     ///< done to the model, not by it: an execution must end without it

    [[nodiscard]] std::string text() const {
        std::string out{who};
        if (number >= 0) {
            out += ' ' + std::to_string(number);
        }
        out += ": ";
        out += what;
        if (value >= 0) {
            out += ' ' + std::to_string(value);
        }
        return out;
    }
};

template <class State>
struct Successor {
    Step step;
    State state;
};

/// A model: states are plain bytes without padding, so that equal means the same bytes.
template <class M>
concept Model =
    std::has_unique_object_representations_v<typename M::State> &&
    requires(const M& m, const typename M::State& s,
             std::vector<Successor<typename M::State>>& out) {
        { m.initial() } -> std::same_as<typename M::State>;
        m.successors(s, out);
        {
            m.broken(s)
        } -> std::same_as<const char*>;       ///< the rule that this state breaks, or nullptr
        { m.done(s) } -> std::same_as<bool>;  ///< may an execution end here?
    };

struct Report {
    std::size_t states = 0;
    std::size_t steps = 0;
    std::string violation;           ///< empty: none
    std::vector<std::string> trace;  ///< the steps to the violation

    [[nodiscard]] bool clean() const { return violation.empty(); }
    [[nodiscard]] std::string text() const {
        std::string out = std::to_string(states) + " states, " + std::to_string(steps) + " steps";
        if (clean()) {
            return out;
        }
        out += "\n  VIOLATION: " + violation;
        for (std::size_t i = 0; i < trace.size(); ++i) {
            out += "\n  " + std::to_string(i + 1) + ". " + trace[i];
        }
        return out;
    }
};

/// 128 bits of a state: that two of 10^8 states collide has a probability below 10^-22.
struct Fingerprint {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    template <class State>
    static Fingerprint of(const State& state) {
        std::array<std::uint64_t, (sizeof(State) + 7) / 8> words{};
        std::memcpy(words.data(), &state, sizeof(State));
        Fingerprint f{0x9e3779b97f4a7c15U, 0xc2b2ae3d27d4eb4fU};
        for (const auto word : words) {
            f.low = mix(f.low ^ word, 0xff51afd7ed558ccdU);
            f.high = mix(f.high + word, 0xc4ceb9fe1a85ec53U);
        }
        return {f.low | 1,
                f.high & ~std::uint64_t{1}};  // never all zero; the last bit is the set's
    }

private:
    static std::uint64_t mix(std::uint64_t x, std::uint64_t odd) {
        x *= odd;
        return x ^ (x >> 29) ^ (x >> 47);
    }
};

/// The states seen so far, and which of them lie on the path being explored.
class Seen {
public:
    /// True if it is new. `place` stays valid until the next insertion.
    bool insert(const Fingerprint& f) {
        if ((count_ + 1) * 10 > table_.size() * 7) {
            grow();
        }
        auto& slot = find(f);
        if (slot.low != 0) {
            return false;
        }
        slot = f;
        ++count_;
        return true;
    }
    [[nodiscard]] bool on_path(const Fingerprint& f) { return (find(f).high & 1) != 0; }
    void set_on_path(const Fingerprint& f, bool on) {
        auto& slot = find(f);
        slot.high = (slot.high & ~std::uint64_t{1}) | (on ? 1U : 0U);
    }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    Fingerprint& find(const Fingerprint& f) {
        for (std::size_t i = f.low >> 1;; ++i) {
            auto& slot = table_[i & (table_.size() - 1)];
            if (slot.low == 0 || (slot.low == f.low && (slot.high & ~std::uint64_t{1}) == f.high)) {
                return slot;
            }
        }
    }
    void grow() {
        auto old = std::exchange(table_, std::vector<Fingerprint>(table_.size() * 2));
        for (const auto& f : old) {
            if (f.low != 0) {
                find({f.low, f.high & ~std::uint64_t{1}}) = f;
            }
        }
    }

    std::vector<Fingerprint> table_ = std::vector<Fingerprint>(1U << 12);
    std::size_t count_ = 0;
};

/// Is there a way on that is not a fault?
template <class State>
[[nodiscard]] bool stuck(const std::vector<Successor<State>>& next) {
    return std::ranges::all_of(next, [](const auto& n) { return n.step.fault; });
}

inline constexpr const char* stuck_rule = "an execution stops before everything is delivered";
inline constexpr const char* endless_rule = "an execution can go on for ever";

/// Breadth first, until the first violation: the shortest trace. Does not see cycles.
template <Model M>
[[nodiscard]] Report shortest_violation(const M& m) {
    using State = typename M::State;
    struct Origin {
        std::uint32_t parent;
        std::uint32_t choice;
    };
    Report report;
    Seen seen;
    std::vector<Origin> origins;
    std::deque<std::pair<std::uint32_t, State>> frontier;
    std::vector<Successor<State>> next;

    const auto tell = [&](std::uint32_t at, const char* rule) {
        std::vector<std::uint32_t> choices;
        for (; at != 0; at = origins[at].parent) {
            choices.push_back(origins[at].choice);
        }
        State state = m.initial();
        for (auto choice = choices.rbegin(); choice != choices.rend(); ++choice) {
            next.clear();
            m.successors(state, next);
            report.trace.push_back(next[*choice].step.text());
            state = next[*choice].state;
        }
        report.violation = rule;
        report.states = seen.size();
        return report;
    };
    seen.insert(Fingerprint::of(m.initial()));
    origins.push_back({0, 0});
    frontier.emplace_back(0, m.initial());
    while (!frontier.empty()) {
        const auto [at, state] = frontier.front();
        frontier.pop_front();
        if (const char* rule = m.broken(state)) {
            return tell(at, rule);
        }
        next.clear();
        m.successors(state, next);
        report.steps += next.size();
        if (stuck(next) && !m.done(state)) {
            return tell(at, stuck_rule);
        }
        for (std::uint32_t i = 0; i < next.size(); ++i) {
            if (!seen.insert(Fingerprint::of(next[i].state))) {
                continue;
            }
            origins.push_back({at, i});
            frontier.emplace_back(static_cast<std::uint32_t>(origins.size() - 1), next[i].state);
        }
    }
    report.states = seen.size();
    return report;
}

/// Depth first, all of it: also says that every execution ends, as no path comes back to itself.
template <Model M>
[[nodiscard]] Report explore(const M& m) {
    using State = typename M::State;
    struct Level {
        Fingerprint print;
        std::vector<Successor<State>> next;
        std::size_t choice = 0;
    };
    Report report;
    Seen seen;
    std::vector<Level> path;
    std::size_t depth = 0;  // levels in use: the others keep their memory

    const auto violated = [&](const char* rule) {
        report = shortest_violation(m);
        if (!report.clean()) {
            return report;
        }
        report.violation = rule;  // a cycle, or a deadlock that only exists on it
        for (std::size_t i = 0; i < depth; ++i) {
            report.trace.push_back(path[i].next[path[i].choice - 1].step.text());
        }
        return report;
    };
    const auto enter = [&](const State& state, const Fingerprint& print) -> const char* {
        if (const char* rule = m.broken(state)) {
            return rule;
        }
        if (path.size() == depth) {
            path.emplace_back();
        }
        auto& level = path[depth];
        level.print = print;
        level.next.clear();
        level.choice = 0;
        m.successors(state, level.next);
        report.steps += level.next.size();
        if (stuck(level.next) && !m.done(state)) {
            return stuck_rule;
        }
        seen.set_on_path(print, true);
        ++depth;
        return nullptr;
    };
    const auto first = Fingerprint::of(m.initial());
    seen.insert(first);
    if (const char* rule = enter(m.initial(), first)) {
        return violated(rule);
    }
    while (depth > 0) {
        auto& level = path[depth - 1];
        if (level.choice == level.next.size()) {
            seen.set_on_path(level.print, false);
            --depth;
            continue;
        }
        const State state = level.next[level.choice++].state;
        const auto print = Fingerprint::of(state);
        if (!seen.insert(print)) {
            if (seen.on_path(print)) {
                return violated(endless_rule);
            }
            continue;
        }
        if (const char* rule = enter(state, print)) {
            return violated(rule);
        }
    }
    report.states = seen.size();
    return report;
}

}  // namespace model
