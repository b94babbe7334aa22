#include "engine/client/worker_code.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

template <class Function>
const void* address_of(Function* function) {
    return reinterpret_cast<const void*>(function);
}

/// Is `holds` true for any word of the bytes?
template <class Holds>
bool any_word(std::span<const std::byte> bytes, Holds holds) {
    for (std::size_t at = 0; at + sizeof(ship::Address) <= bytes.size();
         at += sizeof(ship::Address)) {
        ship::Address word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        if (holds(word)) {
            return true;
        }
    }
    return false;
}

}  // namespace

void WorkerCode::is_that_of_this_process() {
    modules_ = ship::known_modules();
    version_ = ship::modules_version();
}

void WorkerCode::is(std::vector<ship::Module> modules, bool relocated) {
    modules_ = std::make_shared<const std::vector<ship::Module>>(std::move(modules));
    relocated_ = relocated;
}

void WorkerCode::check(const JobSpec& spec) {
    if (spec.closure.size() <= 1 &&
        program_.contains(reinterpret_cast<ship::Address>(address_of(spec.thunk)))) {
        return;
    }
    if (ship::modules_version() == version_.load(std::memory_order_relaxed) && !relocated_) {
        return;
    }
    const std::array functions{address_of(spec.thunk), address_of(spec.prepare.open),
                               address_of(spec.prepare.close)};
    check(functions, spec.code, *modules_, relocated_);
}

void WorkerCode::check(std::span<const void* const> functions, const CodeWords& words,
                       const std::vector<ship::Module>& theirs, bool relocated) {
    const std::uint64_t version = ship::modules_version();
    const std::vector<ship::Module> here = ship::loaded_modules();
    const auto is_known = [&](const ship::Module& module) {
        return std::any_of(theirs.begin(), theirs.end(), [&](const ship::Module& known) {
            return known.base == module.base && known.same_file(module);
        });
    };
    if (std::all_of(here.begin(), here.end(), is_known)) {
        version_.store(version, std::memory_order_relaxed);
    }
    const auto is_foreign = [&](ship::Address address) {
        return std::any_of(here.begin(), here.end(), [&](const ship::Module& module) {
            return module.contains(address) && !is_known(module);
        });
    };
    const bool foreign_function = std::any_of(
        functions.begin(), functions.end(),
        [&](const void* code) { return is_foreign(reinterpret_cast<ship::Address>(code)); });
    if (foreign_function || any_word(words.all, is_foreign)) {
        throw NotShippable(
            "procpool: the callable lives in a module that the workers do not have, as it was "
            "opened after the pool was made (or after init()): make the pool after dlopen, or open "
            "the module in the pool's initializer and call it by name");
    }
    const auto is_code = [&](ship::Address address) {
        return std::any_of(here.begin(), here.end(),
                           [&](const ship::Module& module) { return module.contains(address); });
    };
    if (relocated && any_word(words.fixed, is_code)) {
        throw NotShippable(
            "procpool: the callable captures the address of code or of constants (a function "
            "pointer, a string literal), which lie elsewhere in workers of Start::spawn: pass "
            "functions as the callable itself or by bind_back, and texts as std::string");
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
