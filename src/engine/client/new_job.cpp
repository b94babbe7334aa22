#include "engine/client/new_job.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

constexpr std::size_t align_up(std::size_t size) {
    return (size + cache_line - 1) / cache_line * cache_line;
}

/// Copies the bytes to the block, or to the page if the block is empty. Returns where they are.
const std::byte* copy(std::span<const std::byte> bytes, const Block& block, std::byte* on_page) {
    std::byte* const to = block ? block.data() : on_page;
    if (!bytes.empty()) {
        std::memcpy(to, bytes.data(), bytes.size());
    }
    return to;
}

}  // namespace

NewJob::NewJob(JobSpec& spec) : spec_(spec), job_(std::make_shared<Job>(std::move(spec.sink))) {
    job_->block = std::move(spec.block);
    job_->keep = std::move(spec.keep);
    job_->keep_output = std::move(spec.keep_output);
    job_->fail_fast = spec.fail_fast;
    job_->finishes_claimed = spec.finishes_claimed;
    job_->waited = spec.waited;
    if (spec.window != 0) {
        job_->open = true;
        job_->feed = Feed(spec.window);
    } else {
        job_->count = spec.count;
    }
    if (job_->count > max_items) {
        throw std::invalid_argument("procpool: more than 2^38 items in one call: split the range");
    }
    if (spec.pristine && spec.parts != 0) {
        throw std::invalid_argument(
            "procpool: pristine is not for transform_reduce, which adds up many items in one "
            "process: map the items, then add up the results");
    }
    const bool small_closure = spec.closure.size() <= JobPage::payload_size;
    inputs_at_ = small_closure ? std::min(align_up(spec.closure.size()), JobPage::payload_size) : 0;
    const bool small_inputs = spec.inputs.size() <= JobPage::payload_size - inputs_at_;
    closure_ = small_closure ? Block() : Block(spec.closure.size());
    inputs_ = small_inputs ? Block() : Block(spec.inputs.size());
}

std::vector<NewJob> NewJob::each(JobSpec& spec, std::span<const std::shared_ptr<Sink>> sinks) {
    std::vector<NewJob> jobs;
    jobs.reserve(sinks.size());
    for (const std::shared_ptr<Sink>& sink : sinks) {
        spec.sink = sink;
        jobs.emplace_back(spec);
    }
    return jobs;
}

JobHandle NewJob::fill(JobPage& page) {
    JobTerms terms;
    terms.thunk = spec_.thunk;
    terms.prepare = spec_.prepare;
    terms.closure = copy(spec_.closure, closure_, page.payload.data());
    terms.closure_size = spec_.closure.size();
    if (job_->feed) {
        terms.input = job_->feed.data();
        terms.input_mask = job_->feed.mask();
    } else if (job_->block) {
        terms.input = job_->block.data();
    } else if (spec_.shared_inputs != nullptr) {
        terms.input = spec_.shared_inputs;
    } else {
        terms.input = copy(spec_.inputs, inputs_, page.payload.data() + inputs_at_);
    }
    terms.result_stride = spec_.result_stride;
    terms.in_place = spec_.in_place;
    terms.in_place_size = os::round_to_pages(spec_.in_place_size);
    terms.parts = spec_.parts;
    terms.chunksize = spec_.pristine ? 1 : spec_.chunksize;
    terms.timeout_ns = static_cast<std::uint64_t>(spec_.timeout.count());
    terms.grace_ns = static_cast<std::uint64_t>(spec_.grace.count());
    terms.retries = static_cast<std::uint64_t>(spec_.retries);
    terms.eager = spec_.eager;
    terms.waited = spec_.waited;
    terms.fail_fast = spec_.fail_fast;
    terms.pristine = spec_.pristine;
    terms.accounted = spec_.accounted;
    terms.finishes_claimed = spec_.finishes_claimed;
    page.terms = terms;
    page.guarded = false;
    page.extents = nullptr;
    page.extent_count = 0;
    for (Block* const block : {&closure_, &inputs_}) {
        if (*block) {
            job_->more_blocks.push_back(std::move(*block));
        }
    }
    return job_;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
