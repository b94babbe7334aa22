#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "../explore.hpp"
#include "state.hpp"

namespace model::claims {

/// What all parts of the model share: the configuration, and how a slot, a ring and a claim word
/// are read and written.
class World {
public:
    using Next = std::vector<Successor<State>>;

    explicit World(Config config) : cfg(std::move(config)) {}

protected:
    Config cfg;

    [[nodiscard]] bool is(Flaw f) const { return cfg.flaw == f || cfg.second_flaw == f; }
    template <class I>
    static std::size_t idx(I i) {
        return static_cast<std::size_t>(i);
    }
    template <class I>
    static u8 byte(I i) {
        return static_cast<u8>(i);
    }

    [[nodiscard]] u8 serial_of(int p, int turn) const {
        int serial = 1 + turn;
        for (int q = 0; q < p; ++q) {
            serial += static_cast<int>(cfg.pages[idx(q)].size());
        }
        return byte(serial);
    }
    [[nodiscard]] const std::string& job(u8 serial) const {
        int before = serial - 1;
        for (const auto& jobs : cfg.pages) {
            if (before < static_cast<int>(jobs.size())) {
                return jobs[idx(before)];
            }
            before -= static_cast<int>(jobs.size());
        }
        std::abort();
    }

    static void blame(State& s, std::string_view rule) {
        if (s.broken != 0) {
            return;
        }
        s.broken = byte(std::ranges::find(rules, rule) - rules.begin());
        if (s.broken == rules.size()) {
            std::abort();
        }
    }
    static void require(State& s, bool holds, std::string_view rule) {
        if (!holds) {
            blame(s, rule);
        }
    }

    Evidence& evidence(Worker& author, int page, int of) const {
        const bool one =
            cfg.keeping == Keeping::word_per_worker || is(Flaw::one_evidence_word_for_all_jobs);
        return author.evidence[one ? 0 : idx(page)][idx(of)];
    }
    Frame& place(Worker& me) const { return me.ring[idx(me.tail % cfg.ring)]; }
    [[nodiscard]] bool room(const Worker& me, int spare) const {
        return me.tail - me.head + spare < cfg.ring;
    }

    /// The word passes the check of the job with this serial number.
    [[nodiscard]] bool sound(const Word& word, u8 serial) const {
        return word.serial == serial || (cfg.checks_collide && word.serial != 0);
    }
    [[nodiscard]] bool same(const Word& word, const Word& expected) const {
        return word.next == expected.next && word.taker == expected.taker &&
               sound(word, expected.serial);
    }

    /// Adds a successor: the worker takes a step.
    template <class Change>
    static void go(const State& s, int w, Next& out, std::string_view what, At then,
                   Change&& change, int value = -1) {
        auto& next = out.emplace_back(Successor<State>{{"worker", w, what, value}, s});
        auto& me = next.state.workers[idx(w)];
        me.at = then;
        change(next.state, me);
    }

    static void finish(State& n, Worker& me, u8 i) {
        n.items[me.claim.serial][i].finished = 1;
        me.truly_runs = 0;
    }

    /// Items [first, last) are published: nobody holds them any more.
    static void release(State& n, u8 serial, u8 first, u8 last) {
        for (auto i = first; i < last; ++i) {
            n.items[serial][i].holder = 0;
        }
    }

    static At after_frame(const Worker& me, u8 reached) {
        return reached < me.until ? At::room : At::rest;
    }

    [[nodiscard]] bool stealing() const {
        return std::ranges::any_of(cfg.thefts, [](int thefts) { return thefts != 0; });
    }
    /// Where the claim of the thief begins that a theft word of worker `v` names.
    static u8 part_of(const Worker& thief, int v, const TheftWord& word) {
        const int number = word.count + (word.state == Theft::proposed ? 1 : 0);
        const bool is_it = thief.claim.victim == v && thief.claim.number == number;
        return is_it ? thief.claim.begin : not_a_part;
    }
    /// Can a part of the claim be stolen from the worker that took it?
    static bool divisible(const ClaimWords& claim) { return claim.end - claim.begin > 1; }

    void write_header(Worker& me, u8 position, u8 last) const {
        auto& frame = me.ring[idx(position % cfg.ring)];
        frame.stamp = byte(position + 1);
        frame.kind = Kind::results;
        frame.serial = me.claim.serial;
        frame.first = me.frame_first;
        frame.count = byte(last - me.frame_first);
    }
    void write_alone(Worker& me, Kind kind, u8 i, u8 count = 1) const {
        place(me) = {byte(me.tail + 1), kind, me.claim.serial, i, count, {}};
    }
    void write_lone(Worker& me, u8 i) const {
        if (me.disposing != 0) {
            return write_alone(me, Kind::skipped, i, byte(me.until - i));
        }
        write_alone(me, job(me.claim.serial)[i] == 'L' ? Kind::last_part : Kind::threw, i);
    }

    /// What a worker's registers say between two claims is of no consequence: states that differ
    /// only there are one.
    static void forget(Worker& me) {
        me.my_page = me.my_limit = me.my_shift = me.item = 0;
        me.mine = me.other = {};
        me.seen = me.read = {};
        me.found = me.until = me.early = me.disposing = me.inherits = me.at_first = 0;
        me.word = {};
    }
};

}  // namespace model::claims
