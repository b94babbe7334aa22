#include "report.hpp"

#include <fmt/format.h>

namespace lecture {

std::string_view to_string(Peer peer) {
    switch (peer) {
        case Peer::plain:
            return "plain";
        case Peer::threads:
            return "threads";
        case Peer::procpool:
            return "procpool";
        case Peer::python_plain:
            return "python_plain";
        case Peer::python_threads:
            return "python_threads";
        case Peer::python_pool:
            return "python_pool";
        case Peer::ideal:
            return "ideal";
    }
    return "";
}

std::string_view to_string(Fate fate) {
    switch (fate) {
        case Fate::done:
            return "done";
        case Fate::absent:
            return "absent";
        case Fate::never:
            return "never";
        case Fate::died:
            return "died";
        case Fate::silent:
            return "silent";
        case Fate::failed:
            return "failed";
    }
    return "";
}

json Figure::to_json() const {
    json figure{{"fate", to_string(fate)}};
    if (fate != Fate::absent && fate != Fate::never) {
        figure["seconds"] = seconds;
    }
    if (!text.empty()) {
        figure["text"] = text;
    }
    if (!why.empty()) {
        figure["why"] = why;
    }
    return figure;
}

const Figure* Row::find(Peer peer) const {
    const auto found = figures.find(peer);
    return found == figures.end() ? nullptr : &found->second;
}

double Row::ratio(Peer peer, Peer other) const {
    const Figure* mine = find(peer);
    const Figure* theirs = find(other);
    if (mine == nullptr || theirs == nullptr || !mine->measured() || !theirs->measured()) {
        return 0;
    }
    return theirs->seconds > 0 ? mine->seconds / theirs->seconds : 0;
}

json Row::to_json() const {
    json row = json::object();
    if (figures.empty()) {
        row["text"] = text;
    }
    for (const auto& [peer, figure] : figures) {
        json& shown = row[std::string(to_string(peer))] = figure.to_json();
        for (const Peer other : {Peer::ideal, Peer::threads, Peer::plain}) {
            if (other == peer) {
                continue;
            }
            if (const double value = ratio(peer, other); value > 0) {
                shown[fmt::format("ratio_to_{}", to_string(other))] = value;
            }
        }
    }
    return row;
}

json Report::to_json() const {
    json report{{"holds", holds}, {"notes", notes}, {"rows", json::object()}};
    for (const auto& row : rows) {
        report["rows"][row.name] = row.to_json();
    }
    report.update(details);
    return report;
}

std::string in_words(double seconds) {
    struct Unit {
        double size;
        const char* name;
    };
    for (const Unit unit : {Unit{1, "s"}, Unit{1e-3, "ms"}, Unit{1e-6, "us"}, Unit{1e-9, "ns"}}) {
        const double value = seconds / unit.size;
        if (value < 1 && unit.size > 1e-9) {
            continue;
        }
        const bool coarse = unit.size >= 1e-3;  // four digits; three of the shorter times
        const int decimals = value < 10    ? (coarse ? 3 : 2)
                             : value < 100 ? (coarse ? 2 : 1)
                                           : coarse;
        return fmt::format("{:.{}f} {}", value, decimals, unit.name);
    }
    return "0 s";
}

std::string in_words(const Figure& figure) {
    if (!figure.text.empty()) {
        return figure.text;
    }
    return figure.measured() ? in_words(figure.seconds) : std::string(to_string(figure.fate));
}

}  // namespace lecture
