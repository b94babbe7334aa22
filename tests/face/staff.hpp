#pragma once

#include <list>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Values of a program's own types.
namespace face_test {

struct Employee {
    int id = 0;
    std::string name;
    std::optional<double> salary;
    std::map<std::string, std::vector<int>> marks;
    bool operator==(const Employee&) const = default;
};

class Account {
public:
    Account() = default;
    explicit Account(std::string owner) : owner_(std::move(owner)) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(owner_, history_);
    }
    void deposit(int cents) { history_.push_back(cents); }
    [[nodiscard]] int balance() const {
        return std::accumulate(history_.begin(), history_.end(), 0);
    }
    bool operator==(const Account&) const = default;

private:
    std::string owner_;
    std::list<int> history_;
};

}  // namespace face_test
