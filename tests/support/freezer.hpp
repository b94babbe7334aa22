#pragma once

#include <string>

#include <sys/types.h>

namespace support {

/// A control group (version 1) whose processes can be kept from dying, of SIGKILL too. Gone with
/// the object, once they have left.
class Freezer {
public:
    Freezer();
    Freezer(const Freezer&) = delete;
    Freezer& operator=(const Freezer&) = delete;
    ~Freezer();

    /// False where none can be made.
    [[nodiscard]] bool works() const { return works_; }
    void freeze(pid_t process) const;
    void thaw() const;

private:
    void write(const std::string& file, const std::string& text) const;

    std::string path_;
    bool works_;
};

}  // namespace support
