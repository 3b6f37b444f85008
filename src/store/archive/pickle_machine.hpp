#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "store/archive/pickle_bytes.hpp"
#include "store/archive/pickle_node.hpp"

namespace mambasynth::store::pt {

/// How many characters, items and extents the values of a pickle may have: in genuine files each memo entry is used
/// only a few times, so the values are not much larger than the pickle.
inline std::size_t most_size(std::span<std::byte const> pickle) {
  constexpr std::size_t most_growth = 64, always_allowed = std::size_t{1} << 20;
  return pickle.size() * most_growth + always_allowed;
}
inline constexpr char const* too_large = "its values refer to each other so often that they would not fit into memory";

/// Private to this folder: runs the opcodes of a pickle. Errors: refuse(), damaged().
class PickleMachine {
 public:
  explicit PickleMachine(std::span<std::byte const> pickle) : bytes_(pickle), left_(most_size(pickle)) {}

  /// The value that the pickle builds.
  Id run();

  [[nodiscard]] Node const& node(Id id) const { return nodes_[id]; }

 private:
  void step(unsigned char code);
  Node long_integer();
  double longer_integer(int bytes);

  void push(Node node);
  [[nodiscard]] std::size_t available() const;
  std::vector<Id> pop_items(std::size_t count);
  std::vector<Id> pop_to_mark();
  Id pop() { return pop_items(1)[0]; }
  Node& top();
  template <class T>
  T const& as(Id id, char const* what) const {
    auto const* value = std::get_if<T>(&nodes_[id]);
    if (!value) damaged(std::string(what) + " has the wrong type");
    return *value;
  }

  void append(std::vector<Id> const& items);
  void set_items(std::vector<Id> const& items);
  void put(std::uint64_t key);
  void get(std::uint64_t key);

  // pickle_calls.cpp
  void global();
  void reduce();
  void call(Callable callable, std::vector<Id> const& arguments);
  [[nodiscard]] TensorView tensor(std::vector<Id> const& arguments) const;
  [[nodiscard]] TensorView typed_tensor(std::vector<Id> const& arguments) const;
  [[nodiscard]] bool marked(Id metadata, char const* mark) const;
  void build();
  void persistent();

  PickleBytes bytes_;
  std::size_t left_;  ///< of most_size: calls copy their arguments
  std::deque<Node> nodes_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Id> memo_;
};

}  // namespace mambasynth::store::pt
