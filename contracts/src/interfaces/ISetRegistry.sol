// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The part of an existing SetRegistry (chain 3) that anchoring through it needs.
interface ISetRegistry {
    struct BatchCommitment {
        bytes32 eventsRoot;
        bytes32 newStateRoot;
        uint64 sequenceStart;
        uint64 sequenceEnd;
        uint32 eventCount;
        uint64 timestamp;
    }

    function commitBatch(
        bytes32 batchId,
        bytes32 tenantId,
        bytes32 storeId,
        bytes32 eventsRoot,
        bytes32 prevStateRoot,
        bytes32 newStateRoot,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        uint32 eventCount
    ) external;

    function batchExists(bytes32 batchId) external view returns (bool);

    function getBatchCommitment(bytes32 batchId) external view returns (BatchCommitment memory);

    function getLatestStateRoot(bytes32 tenantId, bytes32 storeId) external view returns (bytes32);

    function getHeadSequence(bytes32 tenantId, bytes32 storeId) external view returns (uint64);
}
