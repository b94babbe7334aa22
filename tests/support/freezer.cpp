#include "support/freezer.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <unistd.h>

#include "support/eventually.hpp"

namespace support {
namespace {

bool make(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::create_directory(path, ignored);
}

}  // namespace

Freezer::Freezer()
    : path_("/sys/fs/cgroup/freezer/procpool_test_" + std::to_string(::getpid())),
      works_(make(path_)) {}

Freezer::~Freezer() {
    thaw();
    static_cast<void>(eventually([&] { return !works_ || ::rmdir(path_.c_str()) == 0; }));
}

void Freezer::freeze(pid_t process) const {
    write("cgroup.procs", std::to_string(process));
    write("freezer.state", "FROZEN");
}

void Freezer::thaw() const { write("freezer.state", "THAWED"); }

void Freezer::write(const std::string& file, const std::string& text) const {
    std::ofstream(path_ + "/" + file) << text;
}

}  // namespace support
