#pragma once

#include <initializer_list>
#include <memory>
#include <utility>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/stream/verbs.hpp>
#include <procpool/options.hpp>
#include <procpool/stream.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The members of a Pool that give a Stream. Its shared_engine() is the engine they call.
template <class P>
class StreamMembers {
public:
    /// f of every item, lazily and in their order: a Stream<R>, whose elements come as they are
    /// read. The range may be endless, and its items may only move; it is read on the thread that
    /// reads the stream, at most MapOptions::buffer items ahead, the first of them here. A range
    /// that is an lvalue must outlive the stream. See procpool/stream.hpp.
    template <class F, class Range>
    [[nodiscard]] auto imap(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::imap<detail::Elements::values>(engine(), f, std::forward<Range>(range),
                                                      options, true);
    }
    template <class F, class T>
    [[nodiscard]] auto imap(F&& f, std::initializer_list<T> items, const MapOptions& options = {}) {
        return imap(f, detail::listed(items), options);
    }

    /// As imap, in the order in which results arrive.
    template <class F, class Range>
    [[nodiscard]] auto imap_unordered(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::imap<detail::Elements::values>(engine(), f, std::forward<Range>(range),
                                                      options, false);
    }
    template <class F, class T>
    [[nodiscard]] auto imap_unordered(F&& f, std::initializer_list<T> items,
                                      const MapOptions& options = {}) {
        return imap_unordered(f, detail::listed(items), options);
    }

    /// As imap, but what befalls an item is its Outcome: a Stream<Outcome<R>>. Reading it throws
    /// for no item, only what the range throws.
    template <class F, class Range>
    [[nodiscard]] auto try_imap(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::imap<detail::Elements::outcomes>(engine(), f, std::forward<Range>(range),
                                                        options, true);
    }
    template <class F, class T>
    [[nodiscard]] auto try_imap(F&& f, std::initializer_list<T> items,
                                const MapOptions& options = {}) {
        return try_imap(f, detail::listed(items), options);
    }

    /// As try_imap, in the order in which outcomes arrive.
    template <class F, class Range>
    [[nodiscard]] auto try_imap_unordered(F&& f, Range&& range, const MapOptions& options = {}) {
        return detail::imap<detail::Elements::outcomes>(engine(), f, std::forward<Range>(range),
                                                        options, false);
    }
    template <class F, class T>
    [[nodiscard]] auto try_imap_unordered(F&& f, std::initializer_list<T> items,
                                          const MapOptions& options = {}) {
        return try_imap_unordered(f, detail::listed(items), options);
    }

private:
    [[nodiscard]] const std::shared_ptr<Engine>& engine() const {
        return static_cast<const P&>(*this).shared_engine();
    }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
