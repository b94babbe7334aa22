#include <future>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>

#include <procpool/detail/codec/class.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// The category of an error code of a worker whose category this process does not know.
class RemoteCategory : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "procpool.remote"; }
    [[nodiscard]] std::string message(int value) const override {
        return "error " + std::to_string(value) + " of a category unknown here";
    }
};

}  // namespace

const std::error_category& category_named(std::string_view name) {
    static const RemoteCategory remote;
    for (const std::error_category* known : {&std::generic_category(), &std::system_category(),
                                             &std::iostream_category(), &std::future_category()}) {
        if (name == known->name()) {
            return *known;
        }
    }
    return remote;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
