#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The exception types that arrive as themselves.
enum class StandardType : std::uint8_t {
    none,  ///< not derived from std::exception: arrives as RemoteError
    exception,
    logic_error,
    invalid_argument,
    domain_error,
    length_error,
    out_of_range,
    future_error,
    runtime_error,
    range_error,
    overflow_error,
    underflow_error,
    system_error,
    ios_failure,
    filesystem_error,
    regex_error,
    format_error,
    nonexistent_local_time,
    ambiguous_local_time,
    bad_alloc,
    bad_array_new_length,
    bad_cast,
    bad_any_cast,
    bad_typeid,
    bad_function_call,
    bad_weak_ptr,
    bad_optional_access,
    bad_variant_access,
    bad_expected_access,
    bad_exception,
    timeout_error,
    pool_closed,
    pool_terminated,
    pool_broken,
    initializer_failed,
    not_shippable,
    decode_error,
};
inline constexpr auto last_standard_type = StandardType::decode_error;

/// Why an item has no result. Plain data: it crosses from a worker to the client as bytes.
struct Failure {
    enum class Kind : std::uint8_t {
        thrown,
        died,
        timed_out,
        cancelled,
        terminated,
        broken,
        initializer,  ///< the pool broke because its initializer failed
    };
    static constexpr Kind last_kind = Kind::initializer;

    Kind kind = Kind::thrown;
    StandardType standard = StandardType::none;  ///< thrown: the nearest standard type
    std::uint64_t index = 0;                     ///< the item
    std::uint64_t part = no_part;                ///< of the item, as the worker said
    pid_t worker_pid = 0;                        ///< who ran it; 0: nobody
    int signal = 0;                              ///< died: of this signal, 0 if it exited
    int exit_status = 0;                         ///< died: its exit status
    std::uint64_t memory = 0;             ///< died: bytes it held at most, if it died of that; or 0
    std::uint64_t memory_bound = 0;       ///< and how many its container may hold
    std::chrono::nanoseconds timeout{0};  ///< timed_out: the bound that was exceeded
    std::chrono::nanoseconds duration{0};  ///< of the last try, if that is known
    int tries = 0;                         ///< the last included; 0: it never ran
    std::string type_name{};               ///< thrown: the type, demangled
    std::string message{};   ///< thrown: what(); otherwise what is known beyond the other fields
    std::string trace{};     ///< where, a line per frame, if that is known by name
    std::string stack{};     ///< where, as addresses (src/trace/stack.hpp): the client names them
    int code = 0;            ///< thrown: the value of the error code, if the type has one
    std::string category{};  ///< thrown: the name of the error code's category
    std::string path1{};     ///< thrown: the paths of a filesystem_error
    std::string path2{};

    friend bool operator==(const Failure&, const Failure&) = default;
};

/// The longest message, with what is nested in it, that is shipped; longer ones are cut.
inline constexpr std::size_t max_failure_message = 32 * 1024;

/// The exception in flight as bytes to ship. Only inside a catch block.
/// Throws nothing of its own: without memory the record is shorter, at worst empty, which decodes
/// as std::bad_alloc. What is no C++ exception it throws on, the unwinding of a cancelled thread
/// (abi::__forced_unwind) above all: the caller's catch block must let it pass.
/// `stack`: where it was thrown, as Failure::stack; `note`: what to add to the message; `duration`,
/// `tries` and `part` as in Failure.
[[nodiscard]] std::vector<std::byte> encode_current_exception(
    std::uint64_t index, pid_t worker, std::string_view stack = {}, std::string_view note = {},
    std::chrono::nanoseconds duration = {}, int tries = 0, std::uint64_t part = no_part);

/// The bytes of a failure; texts are cut as in encode_current_exception. Throws std::bad_alloc.
[[nodiscard]] std::vector<std::byte> encode_failure(const Failure& failure);

/// The failure in bytes that a worker could have written: no length is believed. Malformed bytes
/// give a thrown DecodeError (its index and worker_pid are 0: the receiver knows better), no memory
/// a thrown std::bad_alloc.
[[nodiscard]] Failure decode_failure(std::span<const std::byte> bytes) noexcept;

/// Throws what stands for the failure in the client. thrown: its standard type and TaskFailure in
/// one, or RemoteError; died: WorkerDied; timed_out: TaskTimeout; cancelled: TaskCancelled;
/// terminated: PoolTerminated; broken: PoolBroken; initializer: InitializerFailed.
[[noreturn, gnu::cold]] void throw_failure(const Failure& failure);

/// One sentence for a person: the item, the worker, what happened, what to do. Addresses of a stack
/// are not looked up for it. Throws std::bad_alloc.
[[nodiscard]] std::string describe(const Failure& failure);

/// The name of a type as it is written in C++: "std::string", not what the linker sees. Throws
/// std::bad_alloc.
[[nodiscard]] std::string readable_name(const std::type_info& type);

/// An exception of a task as it arrives in the client: of type T and a TaskFailure, with what() as
/// it was thrown.
template <class T>
class Thrown : public T, public TaskFailure {
public:
    Thrown(T thrown, const Failure& account) : T(std::move(thrown)), TaskFailure(account) {}

    [[nodiscard]] const char* what() const noexcept override { return failure().message.c_str(); }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
