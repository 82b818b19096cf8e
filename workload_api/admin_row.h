#pragma once

#include <memory>
#include <utility>

#include "surety/admin_actions.h"
#include "workload_api/admin_gate.h"
#include "workload_api/method_table.h"
#include "workload_api/unary.h"

namespace surety {

/// A row of the operator's table: `answer` is called with the request and who sent it,
/// after the gate was asked again.
template <typename Request, typename Answer>
Method AdminRow(AdminGate& gate, Answer answer) {
  return {.header = Method::Header::kNotRequired,
          .serve = [&gate, answer = std::move(answer)](const std::shared_ptr<Call>& call,
                                                       const grpc::ByteBuffer& bytes) {
            if (!gate.StillAdmits(call->peer()))
              return call->End({grpc::StatusCode::PERMISSION_DENIED,
                                "this process is no longer one of those that may administer"});
            const Operator by{.uid = call->peer().uid, .pid = call->peer().process->key().pid};
            AnswerUnary<Request>(call, bytes,
                                 [&](const Request& request) { return answer(request, by); });
          }};
}

}  // namespace surety
