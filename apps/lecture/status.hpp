#pragma once

#include <string_view>

namespace lecture {

/// One line that says what is going on, on stderr, while it is a terminal; nothing otherwise.
class Status {
public:
    Status();
    Status(const Status&) = delete;
    Status& operator=(const Status&) = delete;
    ~Status() { clear(); }

    /// In place of what was there.
    void show(std::string_view text);
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
};

}  // namespace lecture
