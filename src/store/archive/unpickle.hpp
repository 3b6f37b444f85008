#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "store/archive/pt.hpp"
#include "store/archive/tensor_view.hpp"

/// Private to this folder: a reader of the pickles that torch.save writes. Nothing is executed: only a few
/// globals are accepted, and calling one selects a construction written here.
namespace mambasynth::store::pt {

/// Turns the pickle of a checkpoint into a Value; `load_tensor` fetches and checks a view's data.
/// Errors: std::runtime_error with only the reason; the caller adds the file.
Value unpickle(std::span<std::byte const> pickle, std::function<Tensor(TensorView const&)> const& load_tensor);

}  // namespace mambasynth::store::pt
