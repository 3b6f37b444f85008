#include "arrays/archive.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "errors/printable.hpp"
#include "store/archive/npz.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::arrays {

namespace {
namespace fs = std::filesystem;
}

errors::Error unusable(fs::path const& file, std::string const& why, std::string const& remedy) {
  return errors::input(file.string() + " cannot be used", why, remedy);
}

bool Member::matrix() const {
  return unusable.empty() && shape.size() >= 2 && std::find(shape.begin(), shape.end(), 0) == shape.end();
}

bool Member::named_as_labels() const {
  auto last = name.substr(name.rfind('/') + 1);
  for (auto& c : last) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (last.ends_with('s')) last.pop_back();
  return last == "label" || last == "state" || last == "circle";
}

std::string Member::in_words() const {
  return errors::quotable(name) + " (" +
         (unusable.empty() ? fmt::format("shape ({})", fmt::join(shape, ", ")) : unusable) + ")";
}

Member Archive::need(std::string const& name) const {
  if (auto found = find(name)) {
    if (!found->unusable.empty())
      throw unusable(file, fmt::format("'{}' does not hold numbers: {}", errors::quotable(name), found->unusable),
                     "Name an array of numbers");
    return *std::move(found);
  }
  auto const all = list();
  std::vector<std::string> names;
  for (auto const& member : all) names.push_back(member.name);
  auto const near = errors::nearest(name, names);
  throw unusable(
      file, fmt::format("it holds no array '{}'; it holds {}", errors::quotable(name), listed(names, errors::quotable)),
      near.empty() ? "Name one of those" : "Did you mean '" + errors::quotable(near) + "'? Name one of those");
}

std::string Archive::only(std::function<bool(Member const&)> const& fits, std::string const& wanted,
                          std::string const& remedy) const {
  auto const all = list();
  std::vector<std::string> fitting, labels;
  for (auto const& member : all)
    if (fits(member)) (member.named_as_labels() ? labels : fitting).push_back(member.name);
  if (fitting.empty()) fitting = labels;
  if (fitting.size() == 1) return fitting.front();
  if (all.size() == 1 && !all[0].unusable.empty()) return need(all[0].name).name;  // reports why
  throw unusable(file,
                 fitting.empty() ? "it holds no " + wanted + ", only " +
                                       listed(all, [](Member const& member) { return member.in_words(); })
                                 : "several of its arrays could be meant: " + listed(fitting, errors::quotable),
                 fitting.empty() ? remedy : "Name one with --array");
}

namespace {

/// MATLAB's first axis is the fastest, so its files hold the axes in reverse order.
constexpr char const* matlab_attribute = "MATLAB_class";

std::vector<double> with_axes_reversed(std::vector<double> const& values, Shape const& reversed) {
  std::vector<double> out(values.size());
  Shape index(reversed.size(), 0);
  for (auto const value : values) {
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < reversed.size(); ++axis) place = place * reversed[axis] + index[axis];
    out[static_cast<std::size_t>(place)] = value;
    for (std::size_t axis = 0; axis < reversed.size() && ++index[axis] == reversed[axis]; ++axis) index[axis] = 0;
  }
  return out;
}

class Hdf5Arrays {
 public:
  explicit Hdf5Arrays(fs::path const& file) : reader_(file) {}

  [[nodiscard]] std::optional<Member> find(std::string const& name) const {
    auto const path = name.starts_with('/') ? name : "/" + name;
    if (!reader_.is_dataset(path)) return std::nullopt;
    return member(reader_.describe(path));
  }
  [[nodiscard]] std::vector<Member> list() const {
    std::vector<Member> members;
    for (auto& found : reader_.datasets()) members.push_back(member(std::move(found)));
    return members;
  }
  [[nodiscard]] std::vector<double> values(std::string const& name) const {
    return from_matlab(name) ? doubles(name) : reader_.read_columns(name);
  }
  [[nodiscard]] std::vector<double> doubles(std::string const& name) const {
    auto values = reader_.read<double>(name);
    return from_matlab(name) ? with_axes_reversed(values, find(name)->shape) : values;
  }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string const& name) const {
    return reader_.read<std::int64_t>(name);
  }
  [[nodiscard]] bool is_special(std::string const& name) const {
    return from_matlab(name) || reader_.holds_wide_integers(name);
  }

 private:
  [[nodiscard]] bool from_matlab(std::string const& name) const {
    return reader_.has_attribute(name, matlab_attribute);
  }
  [[nodiscard]] Member member(store::Hdf5Dataset found) const {
    if (found.shape.size() > 1 && from_matlab(found.path)) std::reverse(found.shape.begin(), found.shape.end());
    return {std::move(found.path), std::move(found.shape), std::move(found.unusable)};
  }
  store::Hdf5Reader reader_;
};

class NpzArrays {
 public:
  explicit NpzArrays(fs::path const& file) : reader_(file) {}

  [[nodiscard]] std::optional<Member> find(std::string const& name) const {
    if (!reader_.has(name)) return std::nullopt;
    return described(name);
  }
  [[nodiscard]] std::vector<Member> list() const {
    std::vector<Member> members;
    for (auto const& name : reader_.names()) members.push_back(described(name));
    return members;
  }
  [[nodiscard]] std::vector<double> values(std::string const& name) const { return reader_.open(name).read_columns(); }
  [[nodiscard]] std::vector<double> doubles(std::string const& name) const { return reader_.open(name).read<double>(); }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string const& name) const {
    return reader_.open(name).read<std::int64_t>();
  }
  [[nodiscard]] bool is_special(std::string const& name) const { return reader_.open(name).holds_wide_integers(); }

 private:
  /// A member that is not an array matters only if it was requested.
  [[nodiscard]] Member described(std::string const& name) const {
    try {
      auto const array = reader_.open(name);
      return {name, array.shape(), array.numbers() ? "" : "text"};
    } catch (errors::Error const& error) {
      return {name, {}, error.why()};
    }
  }
  store::NpzReader reader_;
};

template <class Arrays>
Archive open_as(fs::path const& file) {
  auto const arrays = std::make_shared<Arrays>(file);
  return {.file = file,
          .find = [arrays](auto const& name) { return arrays->find(name); },
          .list = [arrays] { return arrays->list(); },
          .doubles = [arrays](auto const& name) { return arrays->doubles(name); },
          .values = [arrays](auto const& name) { return arrays->values(name); },
          .integers = [arrays](auto const& name) { return arrays->integers(name); },
          .is_special = [arrays](auto const& name) { return arrays->is_special(name); }};
}

}  // namespace

Archive open_hdf5(fs::path const& file) { return open_as<Hdf5Arrays>(file); }
Archive open_npz(fs::path const& file) { return open_as<NpzArrays>(file); }

}  // namespace mambasynth::arrays
