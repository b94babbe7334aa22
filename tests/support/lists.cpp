#include "support/lists.hpp"

namespace support {

testing::AssertionResult any_contains(const std::vector<std::string>& texts,
                                      std::string_view part) {
    std::string all;
    for (const std::string& text : texts) {
        if (text.find(part) != std::string::npos) {
            return testing::AssertionSuccess() << '"' << text << "\" contains \"" << part << '"';
        }
        all += "\n  " + text;
    }
    return testing::AssertionFailure() << "none contains \"" << part << "\":" << all;
}

}  // namespace support
