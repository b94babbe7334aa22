#include "engine/worker/known_jobs.hpp"

#include <cerrno>
#include <system_error>

#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void KnownJobs::replace(KnownJob& known, std::size_t job, std::uint64_t serial) {
    forget(known);
    known.serial = serial;
    known.thunk = here(seat_.layout.job(job).terms.thunk);
    clock_.interrupt();
}

void KnownJobs::forget(KnownJob& known) {
    if (known.prepared != nullptr && known.close != nullptr) {
        known.close(known.prepared);
    }
    make_read_only(known);
    known = KnownJob{};
}

void KnownJobs::decode(KnownJob& known, const JobTerms& terms) {
    known.prepared = here(terms.prepare.open)({terms.closure, terms.closure_size});
    known.close = here(terms.prepare.close);
}

void KnownJobs::make_writable(KnownJob& known, const JobTerms& terms) const {
    if (terms.in_place == nullptr || known.writable != nullptr || terms.in_place_size == 0) {
        return;
    }
    if (!os::protect(terms.in_place, terms.in_place_size, os::Access::read_write)) {
        throw std::system_error(
            errno, std::generic_category(),
            "procpool: this worker is not allowed to write results in place (see the number of "
            "mappings a process may have, sysctl vm.max_map_count)");
    }
    known.writable = terms.in_place;
    known.writable_size = terms.in_place_size;
}

void KnownJobs::make_read_only(const KnownJob& known) {
    if (known.writable == nullptr) {
        return;
    }
    std::byte* const begin = known.writable;
    std::byte* const end = begin + known.writable_size;
    os::protect(begin, known.writable_size, os::Access::read);
    // The block may belong to another job by now, which has to ask for write access again.
    for (KnownJob& other : known_) {
        if (other.writable < end && begin < other.writable + other.writable_size) {
            other.writable = nullptr;
        }
    }
}

bool KnownJobs::let_go() {
    bool any = false;
    for (KnownJob& known : known_) {
        if (known.serial != 0 && (known.prepared != nullptr || known.writable != nullptr)) {
            forget(known);
            any = true;
        }
    }
    return any;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
