#include "kafka/error_code.h"

#include <array>

namespace ductus::kafka {
namespace {

using enum ErrorAction;

struct Row {
  std::string_view name;
  ErrorAction action;
  std::string_view meaning;
};

// By code, from -1 on. The actions are those of Kafka's own consumer (FetchCollector, OffsetFetcherUtils, Metadata;
// what extends InvalidMetadataException is kRefresh) where it has one and can heal. Codes that can be no answer to what
// is asked here, such as those of groups, transactions, producers and administrators, are kSlowly.
constexpr std::int16_t kFirstCode = -1;
constexpr ErrorAction kOfUnknownCodes = kRefresh;  // of a newer Kafka: it may be about leaders, and asking is cheap
constexpr std::array kRows = std::to_array<Row>({
    {"UNKNOWN_SERVER_ERROR", kRetry, "the server experienced an unexpected error when processing the request"},
    {"NONE", kNone, "no error"},
    {"OFFSET_OUT_OF_RANGE", kLookUp, "the offset is outside the log of the partition"},
    {"CORRUPT_MESSAGE", kRetry, "a message failed its checksum or is otherwise corrupt"},
    {"UNKNOWN_TOPIC_OR_PARTITION", kRefresh, "this broker does not host the partition, or the topic does not exist"},
    {"INVALID_FETCH_SIZE", kReconnect, "the requested fetch size is invalid"},
    {"LEADER_NOT_AVAILABLE", kRefresh, "the partition has no leader at the moment"},
    {"NOT_LEADER_OR_FOLLOWER", kRefresh, "this broker is not, or no more, the leader or a replica of the partition"},
    {"REQUEST_TIMED_OUT", kRetry, "the request timed out"},
    {"BROKER_NOT_AVAILABLE", kRefresh, "the broker is not available"},
    {"REPLICA_NOT_AVAILABLE", kRefresh, "the replica is not available on this broker"},
    {"MESSAGE_TOO_LARGE", kSlowly,
     "the request included a message larger than the max message size the server will accept"},
    {"STALE_CONTROLLER_EPOCH", kSlowly, "the controller moved to another broker"},
    {"OFFSET_METADATA_TOO_LARGE", kSlowly, "the metadata field of the offset request was too large"},
    {"NETWORK_EXCEPTION", kRefresh, "the server disconnected before it answered"},
    {"COORDINATOR_LOAD_IN_PROGRESS", kSlowly, "the coordinator is loading and hence can't process requests"},
    {"COORDINATOR_NOT_AVAILABLE", kSlowly, "the coordinator is not available"},
    {"NOT_COORDINATOR", kSlowly, "this is not the correct coordinator"},
    {"INVALID_TOPIC_EXCEPTION", kSlowly, "the topic's name or kind does not allow this operation"},
    {"RECORD_LIST_TOO_LARGE", kSlowly,
     "the request included message batch larger than the configured segment size on the server"},
    {"NOT_ENOUGH_REPLICAS", kSlowly, "messages are rejected since there are fewer in-sync replicas than required"},
    {"NOT_ENOUGH_REPLICAS_AFTER_APPEND", kSlowly,
     "messages are written to the log, but to fewer in-sync replicas than required"},
    {"INVALID_REQUIRED_ACKS", kSlowly, "produce request specified an invalid value for required acks"},
    {"ILLEGAL_GENERATION", kSlowly, "specified group generation id is not valid"},
    {"INCONSISTENT_GROUP_PROTOCOL", kSlowly, "the group member's protocols are incompatible with the group's"},
    {"INVALID_GROUP_ID", kSlowly, "the group id is invalid"},
    {"UNKNOWN_MEMBER_ID", kSlowly, "the coordinator is not aware of this member"},
    {"INVALID_SESSION_TIMEOUT", kSlowly, "the session timeout is not within the range allowed by the broker"},
    {"REBALANCE_IN_PROGRESS", kSlowly, "the group is rebalancing, so a rejoin is needed"},
    {"INVALID_COMMIT_OFFSET_SIZE", kSlowly, "the committing offset data size is not valid"},
    {"TOPIC_AUTHORIZATION_FAILED", kSlowly, "no permission on the topic"},
    {"GROUP_AUTHORIZATION_FAILED", kSlowly, "no permission on the group"},
    {"CLUSTER_AUTHORIZATION_FAILED", kSlowly, "no permission on the cluster"},
    {"INVALID_TIMESTAMP", kSlowly, "the timestamp of the message is out of acceptable range"},
    {"UNSUPPORTED_SASL_MECHANISM", kReconnect, "the broker does not support the requested SASL mechanism"},
    {"ILLEGAL_SASL_STATE", kReconnect, "request is not valid given the current SASL state"},
    {"UNSUPPORTED_VERSION", kReconnect, "the version of API is not supported"},
    {"TOPIC_ALREADY_EXISTS", kSlowly, "topic with this name already exists"},
    {"INVALID_PARTITIONS", kSlowly, "number of partitions is below 1"},
    {"INVALID_REPLICATION_FACTOR", kSlowly,
     "replication factor is below 1 or larger than the number of available brokers"},
    {"INVALID_REPLICA_ASSIGNMENT", kSlowly, "replica assignment is invalid"},
    {"INVALID_CONFIG", kSlowly, "configuration is invalid"},
    {"NOT_CONTROLLER", kSlowly, "this is not the correct controller for this cluster"},
    {"INVALID_REQUEST", kReconnect, "the broker found the request malformed, or does not know it"},
    {"UNSUPPORTED_FOR_MESSAGE_FORMAT", kSlowly,
     "the message format version on the broker does not support the request"},
    {"POLICY_VIOLATION", kSlowly, "request parameters do not satisfy the configured policy"},
    {"OUT_OF_ORDER_SEQUENCE_NUMBER", kSlowly, "the broker received an out of order sequence number"},
    {"DUPLICATE_SEQUENCE_NUMBER", kSlowly, "the broker received a duplicate sequence number"},
    {"INVALID_PRODUCER_EPOCH", kSlowly, "producer attempted to produce with an old epoch"},
    {"INVALID_TXN_STATE", kSlowly, "the producer attempted a transactional operation in an invalid state"},
    {"INVALID_PRODUCER_ID_MAPPING", kSlowly,
     "the producer attempted to use a producer id which is not currently assigned to its transactional id"},
    {"INVALID_TRANSACTION_TIMEOUT", kSlowly,
     "the transaction timeout is larger than the maximum value allowed by the broker"},
    {"CONCURRENT_TRANSACTIONS", kSlowly, "another transaction of the same producer is still going on"},
    {"TRANSACTION_COORDINATOR_FENCED", kSlowly,
     "the transaction coordinator sending a WriteTxnMarker is no longer the current coordinator for a given producer"},
    {"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", kSlowly, "no permission on the transactional id"},
    {"SECURITY_DISABLED", kSlowly, "security features are disabled"},
    {"OPERATION_NOT_ATTEMPTED", kSlowly, "the broker did not attempt to execute this operation"},
    {"KAFKA_STORAGE_ERROR", kRefresh, "disk error when trying to access log file on the disk"},
    {"LOG_DIR_NOT_FOUND", kSlowly, "the user-specified log directory is not found in the broker config"},
    {"SASL_AUTHENTICATION_FAILED", kReconnect, "authentication failed"},
    {"UNKNOWN_PRODUCER_ID", kSlowly, "the broker has no state of this producer any more"},
    {"REASSIGNMENT_IN_PROGRESS", kSlowly, "a partition reassignment is in progress"},
    {"DELEGATION_TOKEN_AUTH_DISABLED", kSlowly, "delegation Token feature is not enabled"},
    {"DELEGATION_TOKEN_NOT_FOUND", kSlowly, "delegation Token is not found on server"},
    {"DELEGATION_TOKEN_OWNER_MISMATCH", kSlowly, "specified Principal is not valid Owner/Renewer"},
    {"DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", kSlowly,
     "delegation tokens are not allowed on a plain channel or one authenticated by a token"},
    {"DELEGATION_TOKEN_AUTHORIZATION_FAILED", kSlowly, "no permission on the delegation token"},
    {"DELEGATION_TOKEN_EXPIRED", kSlowly, "delegation Token is expired"},
    {"INVALID_PRINCIPAL_TYPE", kSlowly, "supplied principalType is not supported"},
    {"NON_EMPTY_GROUP", kSlowly, "the group is not empty"},
    {"GROUP_ID_NOT_FOUND", kSlowly, "the group id does not exist"},
    {"FETCH_SESSION_ID_NOT_FOUND", kRetry, "the fetch session ID was not found"},
    {"INVALID_FETCH_SESSION_EPOCH", kRetry, "the fetch session epoch is invalid"},
    {"LISTENER_NOT_FOUND", kRefresh,
     "there is no listener on the leader broker that matches the listener on which metadata request was processed"},
    {"TOPIC_DELETION_DISABLED", kSlowly, "topic deletion is disabled"},
    {"FENCED_LEADER_EPOCH", kRefresh, "the leader epoch in the request is older than the broker's"},
    {"UNKNOWN_LEADER_EPOCH", kRefresh, "the leader epoch in the request is newer than the broker's"},
    {"UNSUPPORTED_COMPRESSION_TYPE", kSlowly,
     "the requesting client does not support the compression type of given partition"},
    {"STALE_BROKER_EPOCH", kSlowly, "broker epoch has changed"},
    {"OFFSET_NOT_AVAILABLE", kRetry, "the high watermark has not caught up since the last leader election"},
    {"MEMBER_ID_REQUIRED", kSlowly,
     "the group member needs to have a valid member id before actually entering a consumer group"},
    {"PREFERRED_LEADER_NOT_AVAILABLE", kRefresh, "the preferred leader was not available"},
    {"GROUP_MAX_SIZE_REACHED", kSlowly, "the group has reached its maximum size"},
    {"FENCED_INSTANCE_ID", kSlowly, "another consumer with the same group.instance.id has registered"},
    {"ELIGIBLE_LEADERS_NOT_AVAILABLE", kRefresh, "eligible topic partition leaders are not available"},
    {"ELECTION_NOT_NEEDED", kSlowly, "leader election not needed for topic partition"},
    {"NO_REASSIGNMENT_IN_PROGRESS", kSlowly, "no partition reassignment is in progress"},
    {"GROUP_SUBSCRIBED_TO_TOPIC", kSlowly,
     "deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it"},
    {"INVALID_RECORD", kSlowly, "this record has failed the validation on broker and hence will be rejected"},
    {"UNSTABLE_OFFSET_COMMIT", kSlowly, "there are unstable offsets that need to be cleared"},
    {"THROTTLING_QUOTA_EXCEEDED", kSlowly, "the throttling quota has been exceeded"},
    {"PRODUCER_FENCED", kSlowly,
     "there is a newer producer with the same transactionalId which fences the current one"},
    {"RESOURCE_NOT_FOUND", kSlowly, "a request illegally referred to a resource that does not exist"},
    {"DUPLICATE_RESOURCE", kSlowly, "a request illegally referred to the same resource twice"},
    {"UNACCEPTABLE_CREDENTIAL", kSlowly, "requested credential would not meet criteria for acceptability"},
    {"INCONSISTENT_VOTER_SET", kSlowly,
     "either the sender or recipient of a voter-only request is not one of the expected voters"},
    {"INVALID_UPDATE_VERSION", kSlowly, "the given update version was invalid"},
    {"FEATURE_UPDATE_FAILED", kSlowly, "unable to update finalized features due to an unexpected server error"},
    {"PRINCIPAL_DESERIALIZATION_FAILURE", kSlowly, "the forwarded principal could not be read"},
    {"SNAPSHOT_NOT_FOUND", kSlowly, "requested snapshot was not found"},
    {"POSITION_OUT_OF_RANGE", kSlowly,
     "requested position is not greater than or equal to zero, and less than the size of the snapshot"},
    {"UNKNOWN_TOPIC_ID", kRefresh, "this server does not host this topic ID"},
    {"DUPLICATE_BROKER_REGISTRATION", kSlowly, "this broker ID is already in use"},
    {"BROKER_ID_NOT_REGISTERED", kSlowly, "the given broker ID was not registered"},
    {"INCONSISTENT_TOPIC_ID", kRefresh, "the log's topic ID did not match the topic ID in the request"},
    {"INCONSISTENT_CLUSTER_ID", kSlowly, "the clusterId in the request does not match that found on the server"},
    {"TRANSACTIONAL_ID_NOT_FOUND", kSlowly, "the transactionalId could not be found"},
    {"FETCH_SESSION_TOPIC_ID_ERROR", kRetry, "the fetch session encountered inconsistent topic ID usage"},
    {"INELIGIBLE_REPLICA", kSlowly, "the new ISR contains at least one ineligible replica"},
    {"NEW_LEADER_ELECTED", kSlowly,
     "the AlterPartition request successfully updated the partition state but the leader has changed"},
    {"OFFSET_MOVED_TO_TIERED_STORAGE", kSlowly, "the requested offset is moved to tiered storage"},
    {"FENCED_MEMBER_EPOCH", kSlowly, "the member epoch is fenced by the group coordinator"},
    {"UNRELEASED_INSTANCE_ID", kSlowly, "the instance ID is still used by another member in the consumer group"},
    {"UNSUPPORTED_ASSIGNOR", kSlowly, "the assignor or its version range is not supported by the consumer group"},
    {"STALE_MEMBER_EPOCH", kSlowly, "the member epoch is stale"},
    {"MISMATCHED_ENDPOINT_TYPE", kSlowly, "the request was sent to an endpoint of the wrong type"},
    {"UNSUPPORTED_ENDPOINT_TYPE", kSlowly, "this endpoint type is not supported yet"},
    {"UNKNOWN_CONTROLLER_ID", kSlowly, "this controller ID is not known"},
    {"UNKNOWN_SUBSCRIPTION_ID", kSlowly,
     "client sent a push telemetry request with an invalid or outdated subscription ID"},
    {"TELEMETRY_TOO_LARGE", kSlowly,
     "client sent a push telemetry request larger than the maximum size the broker will accept"},
    {"INVALID_REGISTRATION", kSlowly, "the controller has considered the broker registration to be invalid"},
    {"TRANSACTION_ABORTABLE", kSlowly, "the server encountered an error with the transaction"},
    {"INVALID_RECORD_STATE", kSlowly, "the record state is invalid"},
    {"SHARE_SESSION_NOT_FOUND", kSlowly, "the share session was not found"},
    {"INVALID_SHARE_SESSION_EPOCH", kSlowly, "the share session epoch is invalid"},
    {"FENCED_STATE_EPOCH", kSlowly,
     "the share coordinator rejected the request because the share-group state epoch did not match"},
    {"INVALID_VOTER_KEY", kSlowly, "the voter key doesn't match the receiving replica's key"},
    {"DUPLICATE_VOTER", kSlowly, "the voter is already part of the set of voters"},
    {"VOTER_NOT_FOUND", kSlowly, "the voter is not part of the set of voters"},
    {"INVALID_REGULAR_EXPRESSION", kSlowly, "the regular expression is not valid"},
    {"REBOOTSTRAP_REQUIRED", kReconnect, "the client's metadata is stale: start over from the bootstrap servers"},
    {"STREAMS_INVALID_TOPOLOGY", kSlowly, "the supplied topology is invalid"},
    {"STREAMS_INVALID_TOPOLOGY_EPOCH", kSlowly, "the supplied topology epoch is invalid"},
    {"STREAMS_TOPOLOGY_FENCED", kSlowly, "the supplied topology epoch is outdated"},
    {"SHARE_SESSION_LIMIT_REACHED", kSlowly, "the limit of share sessions has been reached"},
});
static_assert(kRows.size() == static_cast<std::size_t>(KafkaError::kShareSessionLimitReached) - kFirstCode + 1);

const Row* row_of(KafkaError error) noexcept {
  const int index = static_cast<int>(error) - kFirstCode;
  return index >= 0 && static_cast<std::size_t>(index) < kRows.size() ? &kRows[static_cast<std::size_t>(index)]
                                                                      : nullptr;
}

}  // namespace

std::string_view name_of(KafkaError error) noexcept {
  const Row* row = row_of(error);
  return row == nullptr ? "UNKNOWN" : row->name;
}

ErrorAction action_of(KafkaError error) noexcept {
  const Row* row = row_of(error);
  return row == nullptr ? kOfUnknownCodes : row->action;
}

std::string describe(KafkaError error) {
  const Row* row = row_of(error);
  std::string text(name_of(error));
  text += " (" + std::to_string(static_cast<int>(error)) + "): ";
  text += row == nullptr ? "an error code that this program does not know" : row->meaning;
  return text;
}

Error error_of(const std::string& who, KafkaError error) {
  const ErrorAction action = action_of(error);
  const bool refused = action == kSlowly || action == kReconnect;
  return {refused ? ErrorCode::kRefused : ErrorCode::kUnreachable, who + ": " + describe(error)};
}

}  // namespace ductus::kafka
