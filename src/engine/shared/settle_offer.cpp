#include "engine/shared/settle_offer.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::optional<std::uint64_t> settle_offer(const Layout& layout, int worker, const Claim& claim) {
    const Slot& slot = layout.slot(worker);
    const std::uint64_t secret = layout.pool().secret;
    const auto self = static_cast<std::uint64_t>(worker);
    const ClaimWord opened{slot.offer.load(std::memory_order_acquire)};
    if (opened.bits == no_offer) {
        return claim.end;
    }
    const ClaimWord split{slot.split.load(std::memory_order_acquire)};
    if (!OfferWord::valid(opened, secret, self) || opened.taker() != taker::nobody ||
        !OfferWord::valid(split, secret, self) || split.next() <= claim.begin ||
        split.next() >= claim.end) {
        return std::nullopt;
    }
    Word& offered = layout.offer(worker);
    ClaimWord word{offered.load(std::memory_order_seq_cst)};
    const ClaimWord shut = OfferWord::make(opened.next(), taker::closed, secret, self);
    if (word.bits == opened.bits &&
        offered.compare_exchange_strong(word.bits, shut.bits, std::memory_order_seq_cst)) {
        return claim.end;
    }
    if (!OfferWord::valid(word, secret, self)) {
        return std::nullopt;
    }
    if (word.next() + 1 == opened.next()) {
        return claim.end;  // of the offer before: the worker was killed before it opened this one
    }
    if (word.next() != opened.next()) {
        return std::nullopt;
    }
    return word.taker() == taker::closed ? claim.end : split.next();
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
