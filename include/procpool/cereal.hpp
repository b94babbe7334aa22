#pragma once

// What procpool's own rules do not cover, cereal carries: this header is not part of procpool.hpp,
// and needs cereal (Debian: libcereal-dev).

#include <cstddef>
#include <cstring>
#include <deque>
#include <forward_list>
#include <list>
#include <span>
#include <type_traits>
#include <valarray>
#include <vector>

#include <cereal/cereal.hpp>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// Says that cereal carries the values of T: with the functions that its documentation describes,
/// `serialize`, `save` and `load`, members or not, and its own for standard types, of which the
/// headers under cereal/types/ must be included before.
///
///     #include <cereal/types/memory.hpp>
///     #include <cereal/types/polymorphic.hpp>
///     #include <procpool/cereal.hpp>
///
///     template <>
///     inline constexpr bool procpool::enable_cereal<std::shared_ptr<Shape>> = true;
///
/// Then a T travels as item, bound argument and result, alone and inside other values. The derived
/// classes of a polymorphic one are registered by CEREAL_REGISTER_TYPE, after this header. A
/// shared_ptr is shared again within a T; two T share nothing. Needs a T that can be made without
/// arguments. Costs an archive a value: a `serialize(archive)` member that needs no cereal costs
/// nothing.
template <class T>
inline constexpr bool enable_cereal = false;

namespace detail {

/// Counts the bytes, and writes them if there is a Writer.
class CerealWriter : public cereal::OutputArchive<CerealWriter, cereal::AllowEmptyClassElision> {
public:
    explicit CerealWriter(Writer* to)
        : cereal::OutputArchive<CerealWriter, cereal::AllowEmptyClassElision>(this), to_(to) {}

    void write(const void* data, std::size_t size) {
        check_stack<Way::writing>();  // cereal calls itself for what lies in one another
        if (to_ != nullptr) {
            to_->put_bytes({static_cast<const std::byte*>(data), size});
        }
        size_ += size;
    }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    Writer* to_;
    std::size_t size_ = 0;
};

class CerealReader : public cereal::InputArchive<CerealReader, cereal::AllowEmptyClassElision> {
public:
    explicit CerealReader(Reader& from)
        : cereal::InputArchive<CerealReader, cereal::AllowEmptyClassElision>(this), from_(from) {}

    void read(void* data, std::size_t size) {
        check_stack<Way::reading>();
        if (size != 0) {
            std::memcpy(data, from_.take(size), size);
        }
    }
    /// None of what it counts is smaller than a byte.
    std::size_t read_count() { return from_.take_count(); }

private:
    Reader& from_;
};

template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(CerealWriter& archive, const T& value) {
    archive.write(&value, sizeof value);
}
template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        std::byte byte{};
        archive.read(&byte, 1);
        value = byte != std::byte{0};
    } else {
        archive.read(&value, sizeof value);
    }
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(CerealWriter& archive, const cereal::BinaryData<T>& data) {
    archive.write(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, cereal::BinaryData<T>& data) {
    archive.read(data.data, static_cast<std::size_t>(data.size));
    if constexpr (std::is_same_v<std::decay_t<T>, bool*>) {
        for (bool& each : std::span(static_cast<bool*>(data.data), data.size)) {
            make_valid(each);
        }
    }
}

template <class Archive, class T>
requires(std::is_same_v<Archive, CerealWriter> || std::is_same_v<Archive, CerealReader>)
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, cereal::NameValuePair<T>& pair) {
    archive(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(CerealWriter& archive, const cereal::SizeTag<T>& tag) {
    archive(static_cast<cereal::size_type>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, cereal::SizeTag<T>& tag) {
    tag.size = archive.read_count();
}

/// Elements are made as they are read: cereal's own functions for these make as many as a worker
/// claims there are, whatever their size, and read the first one then.
template <class Sequence>
void load_elements(CerealReader& archive, Sequence& sequence) {
    cereal::size_type count = 0;
    archive(cereal::make_size_tag(count));
    sequence.clear();
    if constexpr (requires { sequence.before_begin(); }) {
        auto last = sequence.before_begin();
        for (; count > 0; --count) {
            last = sequence.emplace_after(last);
            archive(*last);
        }
    } else {
        for (; count > 0; --count) {
            sequence.emplace_back();
            archive(sequence.back());
        }
    }
}

template <class T, class Allocator>
requires(!std::is_arithmetic_v<T>)
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, std::vector<T, Allocator>& sequence) {
    load_elements(archive, sequence);
}
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, std::deque<T, Allocator>& sequence) {
    load_elements(archive, sequence);
}
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, std::list<T, Allocator>& sequence) {
    load_elements(archive, sequence);
}
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, std::forward_list<T, Allocator>& sequence) {
    load_elements(archive, sequence);
}
template <class T>
requires(!std::is_arithmetic_v<T>)
void CEREAL_LOAD_FUNCTION_NAME(CerealReader& archive, std::valarray<T>& sequence) {
    std::vector<T> elements;
    load_elements(archive, elements);
    sequence = std::valarray<T>(elements.data(), elements.size());
}

/// A byte, for a T may write none, and what cereal makes of it.
template <class T>
requires enable_cereal<T>
struct ForeignCodec<T> {
    static constexpr bool exists = true;
    static constexpr std::size_t fixed_size = 0;
    static std::size_t size(const T& value) {
        const Level<Way::writing> level;
        CerealWriter archive(nullptr);
        archive(value);
        return 1 + archive.size();
    }
    static void write(Writer& to, const T& value) {
        const Level<Way::writing> level;
        to.put_choice(0);
        CerealWriter archive(&to);
        archive(value);
    }
    static T read(Reader& from) {
        const Level<Way::reading, sizeof(T)> level;
        from.take_choice(1);
        T value{};
        CerealReader archive(from);
        try {
            archive(value);
        } catch (const cereal::Exception& error) {
            throw_foreign(error.what());
        }
        return value;
    }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE

CEREAL_REGISTER_ARCHIVE(procpool::detail::CerealWriter)
CEREAL_REGISTER_ARCHIVE(procpool::detail::CerealReader)
CEREAL_SETUP_ARCHIVE_TRAITS(procpool::detail::CerealReader, procpool::detail::CerealWriter)
