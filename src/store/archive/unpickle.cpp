#include "store/archive/unpickle.hpp"

#include <string>
#include <unordered_map>
#include <utility>

#include "store/archive/pickle_machine.hpp"

namespace mambasynth::store::pt {
namespace {

/// Copies the graph into a tree.
class TreeBuilder {
 public:
  TreeBuilder(PickleMachine const& machine, std::function<Tensor(TensorView const&)> const& load_tensor,
              std::size_t budget)
      : machine_(machine), load_tensor_(load_tensor), left_(budget) {}

  Value value(Id id, int depth = 0) {
    // Deeper than any checkpoint, but shallow enough for the call stack; a cycle ends here, too.
    constexpr int most_depth = 200;
    if (depth > most_depth)
      refuse("its values are nested more than " + std::to_string(most_depth) + " deep, or in a cycle");
    spend(1);
    auto const& node = machine_.node(id);
    if (auto const* flag = std::get_if<bool>(&node)) return {*flag};
    if (auto const* number = std::get_if<std::int64_t>(&node)) return {*number};
    if (auto const* number = std::get_if<double>(&node)) return {*number};
    if (auto const* text = std::get_if<std::string>(&node)) {
      spend(text->size());
      return {*text};
    }
    if (auto const* type = std::get_if<ElementType>(&node)) return {type->name};
    if (auto const* view = std::get_if<TensorView>(&node)) {
      spend(view->shape.size());
      return {load_tensor_(*view)};
    }
    if (auto const* sequence = std::get_if<Sequence>(&node)) {
      List items;
      for (auto const item : sequence->items) items.push_back(value(item, depth + 1));
      if (sequence->tuple) return {Tuple{std::move(items)}};
      return {std::move(items)};
    }
    if (auto const* mapping = std::get_if<Mapping>(&node)) {
      auto items = dict(*mapping, depth);
      if (mapping->ordered) return {OrderedDict{std::move(items)}};
      return {std::move(items)};
    }
    if (std::holds_alternative<std::monostate>(node)) return {};
    refuse("it holds a class or storage where a value is expected");
  }

 private:
  Dict dict(Mapping const& mapping, int depth) {
    Dict items;
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < mapping.items.size(); i += 2) {
      auto key = value(mapping.items[i], depth + 1);
      std::string place;
      if (auto const* text = std::get_if<std::string>(&key.v)) place.append("text ").append(*text);
      else if (auto const* number = std::get_if<std::int64_t>(&key.v)) place = std::to_string(*number);
      else refuse("a dict has a key that is neither text nor an integer");
      auto entry = value(mapping.items[i + 1], depth + 1);
      auto const [found, fresh] = places.emplace(std::move(place), items.size());
      if (fresh) items.emplace_back(std::move(key), std::move(entry));
      else items[found->second].second = std::move(entry);  // the last one wins, as in Python
    }
    return items;
  }

  void spend(std::size_t amount) {
    if (amount > left_) refuse(too_large);
    left_ -= amount;
  }

  PickleMachine const& machine_;
  std::function<Tensor(TensorView const&)> const& load_tensor_;
  std::size_t left_;
};

}  // namespace

Value unpickle(std::span<std::byte const> pickle, std::function<Tensor(TensorView const&)> const& load_tensor) {
  PickleMachine machine(pickle);
  auto const top = machine.run();
  return TreeBuilder(machine, load_tensor, most_size(pickle)).value(top);
}

}  // namespace mambasynth::store::pt
