#include "workload_api/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <array>
#include <set>
#include <utility>

#include "reflection.pb.h"
#include "workload_api/unary.h"

namespace surety {
namespace {

namespace pb = grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

void NotFound(pb::ServerReflectionResponse& response, const std::string& what) {
  auto& error = *response.mutable_error_response();
  error.set_error_code(grpc::StatusCode::NOT_FOUND);
  error.set_error_message("there is no " + what);
}

// A file after all that it imports.
void AddFile(const FileDescriptor& file, std::set<std::string>& added,
             pb::FileDescriptorResponse& response) {
  if (!added.insert(file.name()).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
}

void AnswerFile(const FileDescriptor* file, const std::string& what,
                pb::ServerReflectionResponse& response) {
  if (file == nullptr) return NotFound(response, what);
  std::set<std::string> added;
  AddFile(*file, added, *response.mutable_file_descriptor_response());
}

pb::ServerReflectionResponse Answer(const pb::ServerReflectionRequest& request,
                                    const std::vector<std::string>& services) {
  using Request = pb::ServerReflectionRequest;
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  pb::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      AnswerFile(pool.FindFileByName(request.file_by_filename()),
                 "file " + request.file_by_filename(), response);
      break;
    case Request::kFileContainingSymbol:
      AnswerFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                 "symbol " + request.file_containing_symbol(), response);
      break;
    case Request::kListServices:
      for (const std::string& name : services)
        response.mutable_list_services_response()->add_service()->set_name(name);
      break;
    case Request::kFileContainingExtension:
    case Request::kAllExtensionNumbersOfType: NotFound(response, "extension here"); break;
    case Request::MESSAGE_REQUEST_NOT_SET: NotFound(response, "such question"); break;
  }
  return response;
}

}  // namespace

void AddReflection(MethodTable& methods, std::vector<std::string> services) {
  constexpr std::array kNames = {"grpc.reflection.v1.ServerReflection",
                                 "grpc.reflection.v1alpha.ServerReflection"};
  services.emplace_back(kNames.front());
  const Method method{.header = Method::Header::kNotRequired,
                      .requests = Method::Requests::kMany,
                      .serve = [services = std::move(services)](const std::shared_ptr<Call>& call,
                                                                const grpc::ByteBuffer& bytes) {
                        pb::ServerReflectionRequest request;
                        if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
                        call->Send(BytesOf(Answer(request, services)));
                      }};
  for (const std::string name : kNames) methods["/" + name + "/ServerReflectionInfo"] = method;
}

}  // namespace surety
