#include "picture.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <system_error>

#include <unistd.h>

#include <fmt/format.h>

#include "tool/exit.hpp"
#include "tool/text.hpp"

namespace forest {

namespace {

// In the units of the picture.
constexpr double width = 760;
constexpr double height = 440;
constexpr double left = 76;
constexpr double right = width - 150;  // right of it are the names of the lines
constexpr double top = 70;
constexpr double bottom = height - 64;
constexpr double line_height = 15;

// Colours that the colour-blind can tell apart (after Okabe and Ito). If there are more lines, they
// are grey.
constexpr std::array colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#a06a00", "#3a9bd0"};
constexpr const char* grey = "#b8bcc2";

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

/// The grid points that differ in nothing but the setting that runs to the right.
struct Line {
    std::string name;
    std::vector<std::size_t> points;  ///< those that were finished, from left to right
    std::vector<std::size_t> places;  ///< the place of each on the axis
    const char* colour = grey;
    double name_at = 0;

    [[nodiscard]] bool has(std::size_t point) const {
        return std::ranges::find(points, point) != points.end();
    }
};

class Picture {
public:
    Picture(const Dataset& data, const Plan& plan, const Findings& found)
        : data_(data), plan_(plan), found_(found) {
        const auto& axes = plan.grid.axes;
        while (x_axis_ + 1 < axes.size() && axes[x_axis_].labels.size() == 1) {
            ++x_axis_;
        }
        if (axes[x_axis_].labels.size() == 1) {
            x_axis_ = 0;
        }
        collect_lines();
        choose_range();
        place_names();
    }

    std::string draw() {
        svg_ = fmt::format(
            R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" )"
            R"(font-family="system-ui, sans-serif" font-size="12" fill="#3c4043" role="img">)"
            "\n<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
            width, height, escaped(headline()));
        write(left, 30, headline(), R"(font-size="16" font-weight="600" fill="#202124")");
        write(
            left, 50,
            fmt::format("root mean square error on rows that were not seen, {} folds; least for {}",
                        plan_.folds, plan_.grid.name(found_.best.value())));
        draw_axes();
        for (const Line& line : lines_) {
            if (!line.has(*found_.best)) {
                draw_line(line);
            }
        }
        for (const Line& line : lines_) {  // the best is on top, so it comes last
            if (line.has(*found_.best)) {
                draw_line(line);
            }
        }
        draw_best();
        return svg_ + "</svg>\n";
    }

private:
    void collect_lines() {
        const auto& axes = plan_.grid.axes;
        std::map<std::string, std::size_t> number_of;
        for (std::size_t point = 0; point < found_.points.size(); ++point) {
            if (!found_.points[point]) {
                continue;
            }
            const auto places = plan_.grid.coordinates(point);
            std::string name;
            for (std::size_t axis = 0; axis < axes.size(); ++axis) {
                if (axis == x_axis_ || axes[axis].labels.size() == 1) {
                    continue;
                }
                name += fmt::format("{}{}={}", name.empty() ? "" : " ", axes[axis].name,
                                    axes[axis].labels[places[axis]]);
            }
            const auto [known, is_new] = number_of.try_emplace(name, lines_.size());
            if (is_new) {
                lines_.push_back({.name = name, .points = {}, .places = {}});
            }
            lines_[known->second].points.push_back(point);
            lines_[known->second].places.push_back(places[x_axis_]);
        }
        const bool few = lines_.size() <= colours.size();
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            const bool is_best = lines_[i].has(found_.best.value());
            lines_[i].colour = few ? colours[i] : is_best ? colours[0] : grey;
        }
    }

    /// The range of the errors on the axis, and its steps: 1, 2 or 5 times a power of ten.
    void choose_range() {
        low_ = std::numeric_limits<double>::max();
        high_ = 0;
        for (std::size_t point = 0; point < found_.points.size(); ++point) {
            const auto& error = found_.points[point];
            if (!error) {
                continue;
            }
            const bool whiskers = best_line().has(point);
            low_ = std::min(low_, error->error - (whiskers ? error->spread : 0));
            high_ = std::max(high_, error->error + (whiskers ? error->spread : 0));
        }
        const double span = high_ > low_ ? high_ - low_ : high_ > 0 ? high_ : 1;
        const double rough = span / 5;
        const double power = std::pow(10, std::floor(std::log10(rough)));
        step_ = 10 * power;
        for (const double factor : {1.0, 2.0, 5.0}) {
            if (factor * power < rough) {
                continue;
            }
            step_ = factor * power;
            break;
        }
        low_ = std::max(0.0, std::floor(low_ / step_) * step_);
        high_ = std::max(std::ceil(high_ / step_) * step_, low_ + step_);
    }

    /// Puts the names at the ends of the lines, and apart where they would overlap.
    void place_names() {
        std::vector<Line*> order;
        for (Line& line : lines_) {
            line.name_at = y(found_.points[line.points.back()]->error);
            if (lines_.size() <= colours.size()) {
                order.push_back(&line);
            }
        }
        std::ranges::sort(order, {}, &Line::name_at);
        for (std::size_t i = 1; i < order.size(); ++i) {
            order[i]->name_at = std::max(order[i]->name_at, order[i - 1]->name_at + line_height);
        }
        double limit = bottom;
        for (std::size_t i = order.size(); i-- > 0; limit -= line_height) {
            order[i]->name_at = std::min(order[i]->name_at, limit);
        }
    }

    [[nodiscard]] std::string headline() const {
        return fmt::format("{}: error over {}", data_.target, plan_.grid.axes[x_axis_].name);
    }
    [[nodiscard]] const Line& best_line() const {
        return *std::ranges::find_if(lines_,
                                     [&](const Line& line) { return line.has(*found_.best); });
    }
    [[nodiscard]] double x(std::size_t place) const {
        const auto places = static_cast<double>(plan_.grid.axes[x_axis_].labels.size());
        return left + (right - left) * (static_cast<double>(place) + 0.5) / places;
    }
    [[nodiscard]] double y(double error) const {
        return bottom - (bottom - top) * (error - low_) / (high_ - low_);
    }

    void write(double at_x, double at_y, std::string_view text, std::string_view style = {}) {
        svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}{}>{}</text>\n", at_x, at_y,
                            style.empty() ? "" : " ", style, escaped(text));
    }
    void stroke(double x1, double y1, double x2, double y2, std::string_view style) {
        svg_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n",
                            x1, y1, x2, y2, style);
    }

    void draw_axes() {
        const auto steps = static_cast<int>(std::lround((high_ - low_) / step_));
        for (int i = 0; i <= steps; ++i) {
            const double error = low_ + i * step_;
            stroke(left, y(error), right, y(error),
                   i == 0 ? R"(stroke="#5f6368")" : R"(stroke="#e8eaed")");
            write(left - 8, y(error) + 4, fmt::format("{:.6g}", error), R"(text-anchor="end")");
        }
        const auto& labels = plan_.grid.axes[x_axis_].labels;
        constexpr std::size_t most_labels = 16;
        const std::size_t every = (labels.size() + most_labels - 1) / most_labels;
        for (std::size_t place = 0; place < labels.size(); place += every) {
            write(x(place), bottom + 20, labels[place], R"(text-anchor="middle")");
        }
        write((left + right) / 2, bottom + 44, plan_.grid.axes[x_axis_].name,
              R"(text-anchor="middle")");
        svg_ += fmt::format(
            "<text transform=\"translate(20 {:.1f}) rotate(-90)\" "
            "text-anchor=\"middle\">error</text>\n",
            (top + bottom) / 2);
    }

    void draw_line(const Line& line) {
        const bool is_best = line.has(*found_.best);
        std::string corners;
        for (std::size_t i = 0; i < line.points.size(); ++i) {
            corners += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", x(line.places[i]),
                                   y(found_.points[line.points[i]]->error));
        }
        svg_ += fmt::format(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" "
            "stroke-width=\"{}\"/>\n",
            corners, line.colour, is_best ? 2.5 : 1.5);
        for (std::size_t i = 0; i < line.points.size(); ++i) {
            const std::size_t point = line.points[i];
            const PointError& error = *found_.points[point];
            const double at = x(line.places[i]);
            if (is_best) {
                stroke(at, y(std::max(low_, error.error - error.spread)), at,
                       y(error.error + error.spread),
                       fmt::format(R"(stroke="{}" stroke-opacity="0.45")", line.colour));
            }
            svg_ += fmt::format(
                "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\">"
                "<title>{}: {:.4g} +- {:.2g}</title></circle>\n",
                at, y(error.error), is_best ? 3.5 : 2.5, line.colour,
                escaped(plan_.grid.name(point)), error.error, error.spread);
        }
        if (lines_.size() <= colours.size() || is_best) {
            write(right + 8, line.name_at + 4, line.name,
                  fmt::format("fill=\"{}\"{}", line.colour, is_best ? " font-weight=\"600\"" : ""));
        }
    }

    void draw_best() {
        const std::size_t best = *found_.best;
        const double at = x(plan_.grid.coordinates(best)[x_axis_]);
        const double error = found_.points[best]->error;
        svg_ += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"8\" fill=\"none\" "
            "stroke=\"#202124\" stroke-width=\"1.5\"/>\n",
            at, y(error));
    }

    const Dataset& data_;
    const Plan& plan_;
    const Findings& found_;
    std::size_t x_axis_ = 0;
    std::vector<Line> lines_;
    double low_ = 0;   // the errors from here ...
    double high_ = 0;  // ... to here fill the height
    double step_ = 0;
    std::string svg_;
};

}  // namespace

std::string picture_of_grid(const Dataset& data, const Plan& plan, const Findings& found) {
    return Picture(data, plan, found).draw();
}

void check_writable(const std::string& file) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path path(file);
    const bool exists = fs::exists(path, error);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const bool writable = !path.filename().empty() && !fs::is_directory(path, error) &&
                          ::access(exists ? file.c_str() : folder.c_str(), W_OK) == 0;
    if (!writable) {
        throw tool::BadUsage(fmt::format(
            "--plot {}: {}; name a file that can be written", tool::quoted(file),
            fs::is_directory(path, error) ? std::strerror(EISDIR) : std::strerror(errno)));
    }
}

void write_file(const std::string& file, const std::string& text) {
    std::FILE* out = std::fopen(file.c_str(), "wbe");
    bool good = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
    int error = errno;
    if (out != nullptr && std::fclose(out) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good) {
        return;
    }
    throw tool::SystemLimit(
        fmt::format("cannot write {}: {}; give --plot another file", file, std::strerror(error)));
}

}  // namespace forest
