#pragma once

#include <string>
#include <vector>

namespace support {

/// Empty if the file cannot be read: a process may end between the opening of its file and the
/// reading, which then fails.
[[nodiscard]] std::string content_of(const std::string& path);
/// All that was written to the file so far.
[[nodiscard]] std::string content_of(int fd);

/// The names in a directory, sorted, but for hidden ones.
[[nodiscard]] std::vector<std::string> entries_of(const std::string& directory);

/// A directory of the test's own, gone with it.
class Directory {
public:
    Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory();

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Writes a file there, and the directories on the way to it. Returns its path.
    std::string write(const std::string& name, const std::string& content) const;

private:
    std::string path_;
};

}  // namespace support
