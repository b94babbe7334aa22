#include <cerrno>
#include <string>

#include <sys/mman.h>

#include <gtest/gtest.h>

#include <procpool/detail/closure_check.hpp>
#include <procpool/errors.hpp>

#include "os/fault.hpp"
#include "support/text.hpp"

namespace {

using procpool::NotShippable;
using procpool::detail::check_closure;
using procpool::os::Call;
using support::contains;

Call failing_call = Call::poll;
int failing_errno = 0;
int failures_left = 0;

class Fault {
public:
    Fault(Call which, int error, int times = 1'000'000) {
        failing_call = which;
        failing_errno = error;
        failures_left = times;
        procpool::os::fault_hook = [](Call call) {
            return call == failing_call && failures_left-- > 0 ? failing_errno : 0;
        };
    }
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;
    ~Fault() { procpool::os::fault_hook = nullptr; }
};

/// A capture that only /proc/self/maps can clear.
class SharedMapping {
public:
    SharedMapping()
        : data_(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
    SharedMapping(const SharedMapping&) = delete;
    SharedMapping& operator=(const SharedMapping&) = delete;
    ~SharedMapping() { ::munmap(data_, 4096); }

    [[nodiscard]] std::string refusal() const {
        try {
            check_closure([data = data_] { return data; });
        } catch (const NotShippable& refused) {
            return refused.what();
        }
        return "not refused";
    }

private:
    void* data_;
};

TEST(ClosureCheckFault, WithoutMapsASuspiciousWordIsRefusedAndTheReasonGiven) {
    const SharedMapping mapping;
    ASSERT_EQ(mapping.refusal(), "not refused");
    for (const Call call : {Call::open_file, Call::read}) {
        const Fault fault(call, EMFILE);
        EXPECT_TRUE(contains(mapping.refusal(),
                             {"/proc/self/maps cannot be read (Too many open files)", "trust(f)"}));
    }
}

TEST(ClosureCheckFault, WithoutMapsNumbersAndCodeStillPass) {
    const Fault fault(Call::open_file, EMFILE);
    EXPECT_NO_THROW(
        check_closure([k = 5'000'000L, d = 1.5] { return static_cast<double>(k) * d; }));
    EXPECT_NO_THROW(check_closure([text = "literal"] { return text; }));
}

TEST(ClosureCheckFault, ASignalDoesNotDisturbTheReading) {
    const SharedMapping mapping;
    for (const Call call : {Call::open_file, Call::read}) {
        const Fault fault(call, EINTR, 3);
        EXPECT_EQ(mapping.refusal(), "not refused");
    }
}

}  // namespace
