// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the chain worker and verifiers need of a contract that stores commitments.
/// @notice Ids of batches, tenants and stores are UUID words: the 16 bytes of the UUID, then 16 zero bytes.
interface IAnchor {
    /// @param eventsRoot root of the VES tree over the events (VES 9)
    /// @param stateRoot the commitment's new state root (VES 10)
    /// @param sequenceEnd number of the last event, inclusive
    struct Commitment {
        bytes32 batchId;
        bytes32 tenantId;
        bytes32 storeId;
        bytes32 eventsRoot;
        bytes32 stateRoot;
        uint64 sequenceStart;
        uint64 sequenceEnd;
        uint32 eventCount;
    }

    /// @notice The commitment is stored now.
    event CommitmentAnchored(
        bytes32 indexed batchId,
        bytes32 indexed tenantId,
        bytes32 storeId,
        bytes32 eventsRoot,
        bytes32 stateRoot,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        uint32 eventCount,
        uint256 timestamp
    );

    /// @notice `anchorMany` met an id that is anchored with other content, and left that commitment out.
    event AnchorConflict(bytes32 indexed batchId, bytes32 anchoredRoot, bytes32 offeredRoot);

    error AlreadyAnchored(bytes32 batchId);
    error ConflictingCommitment(bytes32 batchId);
    error InvalidSequenceRange(bytes32 batchId);
    error EmptyBatch(bytes32 batchId);
    error NotAnchored(bytes32 batchId);

    /// @notice Stores one commitment. Reverts with AlreadyAnchored when the id is in use.
    function anchor(
        bytes32 batchId,
        bytes32 tenantId,
        bytes32 storeId,
        bytes32 eventsRoot,
        bytes32 stateRoot,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        uint32 eventCount
    ) external;

    /// @notice Stores one commitment unless it is there already.
    /// Reverts with ConflictingCommitment when the id is in use for other content.
    /// @return anchored true when this call stored it
    function anchorIfAbsent(Commitment calldata commitment) external returns (bool anchored);

    /// @notice Stores those of the commitments whose ids are not in use. A repeated id with the same content is skipped in
    /// silence, one with other content is skipped with an AnchorConflict.
    /// @return anchored how many this call stored
    function anchorMany(Commitment[] calldata commitments_) external returns (uint256 anchored);

    function isAnchored(bytes32 batchId) external view returns (bool);

    /// @return whether the commitment is anchored with this root; false for an unknown id
    function verifyEventsRoot(bytes32 batchId, bytes32 eventsRoot) external view returns (bool);

    /// @return the largest sequence number anchored for the stream, 0 when there is none
    function getLatestSequence(bytes32 tenantId, bytes32 storeId) external view returns (uint64);
}
