#pragma once

#include <string>

namespace procpool::cli {

/// To standard output, at once. Throws SystemLimit when it cannot be written: the reader of a pipe
/// is gone, or the disk is full.
void write_out(const std::string& text);

/// To standard error, if that can be written.
void write_err(const std::string& text);

/// The columns of the terminal behind a file descriptor; 80 when it does not tell.
[[nodiscard]] std::size_t terminal_width(int fd);

/// A line on stderr that says how far the work is and replaces the one before; nothing when stderr
/// is no terminal.
class StatusLine {
public:
    StatusLine();
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;
    ~StatusLine() { clear(); }

    /// False when there is no terminal, and show() would do nothing.
    [[nodiscard]] bool wanted() const { return terminal_; }
    /// The columns that fit in one line.
    [[nodiscard]] std::size_t room() const;
    /// In place of what was there.
    void show(const std::string& text);
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
};

}  // namespace procpool::cli
