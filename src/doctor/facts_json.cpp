#include "doctor/facts_json.hpp"

namespace mambasynth::gpu {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Card, number, name, bus, architecture, memory_mb, memory_free_mb, clock_mhz,
                                   most_clock_mhz, uncorrected_ecc_errors, slowed_by, unusable)
}  // namespace mambasynth::gpu

namespace mambasynth::backend {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Inventory, built_with_cuda, count, none_because, driver_cuda, runtime_cuda, nccl,
                                   no_nccl, card)
}  // namespace mambasynth::backend

namespace mambasynth::doctor {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Space, path, total_mb, free_mb)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Program, version, commit, build_type, cuda, gpu_architectures)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Mpi, library, threads)

using Json = nlohmann::ordered_json;

void to_json(Json& json, RankFacts const& f) {
  json =
      Json{{"rank", f.rank},
           {"size", f.size},
           {"host", f.host},
           {"local_rank", f.local_rank},
           {"local_size", f.local_size},
           {"pid", f.pid},
           {"gpu", Json(nlohmann::json(f.gpu))},
           {"nvidia_driver", f.nvidia_driver},
           {"cores", f.cores},
           {"core_quota", nullptr},
           {"default_threads", f.default_threads},
           {"no_launcher", f.no_launcher},
           {"instruction_set", f.instruction_set},
           {"memory", {{"node_mb", f.memory.node_mb}, {"available_mb", f.memory.available_mb}, {"cgroup_mb", nullptr}}},
           {"shared_memory", Json(nlohmann::json(f.shared_memory))},
           {"temporary", Json(nlohmann::json(f.temporary))},
           {"mpi", Json(nlohmann::json(f.mpi))},
           {"program", Json(nlohmann::json(f.program))},
           {"environment", f.environment}};
  if (f.core_quota) json["core_quota"] = *f.core_quota;
  if (f.memory.cgroup_mb) json["memory"]["cgroup_mb"] = *f.memory.cgroup_mb;
}

void from_json(Json const& json, RankFacts& f) {
  json.at("rank").get_to(f.rank);
  json.at("size").get_to(f.size);
  json.at("host").get_to(f.host);
  json.at("local_rank").get_to(f.local_rank);
  json.at("local_size").get_to(f.local_size);
  json.at("pid").get_to(f.pid);
  f.gpu = nlohmann::json(json.at("gpu")).get<backend::Inventory>();
  json.at("nvidia_driver").get_to(f.nvidia_driver);
  json.at("cores").get_to(f.cores);
  f.core_quota.reset();
  if (!json.at("core_quota").is_null()) f.core_quota = json.at("core_quota").get<double>();
  json.at("default_threads").get_to(f.default_threads);
  json.at("no_launcher").get_to(f.no_launcher);
  json.at("instruction_set").get_to(f.instruction_set);
  auto const& memory = json.at("memory");
  memory.at("node_mb").get_to(f.memory.node_mb);
  memory.at("available_mb").get_to(f.memory.available_mb);
  f.memory.cgroup_mb.reset();
  if (!memory.at("cgroup_mb").is_null()) f.memory.cgroup_mb = memory.at("cgroup_mb").get<double>();
  f.shared_memory = nlohmann::json(json.at("shared_memory")).get<Space>();
  f.temporary = nlohmann::json(json.at("temporary")).get<Space>();
  f.mpi = nlohmann::json(json.at("mpi")).get<Mpi>();
  f.program = nlohmann::json(json.at("program")).get<Program>();
  json.at("environment").get_to(f.environment);
}

void to_json(Json& json, Attempt const& a) {
  json = Json{{"rank", a.rank}, {"problem", a.problem}, {"seconds", a.seconds}, {"won", a.won}};
}
void from_json(Json const& json, Attempt& a) {
  json.at("rank").get_to(a.rank);
  json.at("problem").get_to(a.problem);
  json.at("seconds").get_to(a.seconds);
  json.at("won").get_to(a.won);
}

void to_json(Json& json, FolderFacts const& f) {
  json = Json{{"asked", f.asked},
              {"path", f.path},
              {"type", f.type},
              {"total_mb", f.space.total_mb},
              {"free_mb", f.space.free_mb},
              {"in_home", f.in_home},
              {"not_writable", f.not_writable},
              {"not_durable", f.not_durable},
              {"written_mb", f.written_mb},
              {"write_seconds", f.write_seconds},
              {"sees_new", f.sees_new},
              {"sees_replaced", f.sees_replaced},
              {"links", f.links},
              {"rounds", f.rounds},
              {"hdf5", f.hdf5},
              {"hdf5_locking", f.hdf5_locking},
              {"locks_unsupported", f.locks_unsupported}};
}

}  // namespace mambasynth::doctor
