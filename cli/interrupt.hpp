#pragma once

namespace procpool::cli {

/// While one of these lives, the first Ctrl-C (SIGINT) is a wish to end in good order instead of
/// the end; the second one is the end. One at a time.
class Interrupt {
public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    /// True once Ctrl-C was pressed.
    explicit operator bool() const;
    bool operator!() const { return !static_cast<bool>(*this); }
};

}  // namespace procpool::cli
