// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISetRegistry} from "../../src/interfaces/ISetRegistry.sol";

/// @dev The registry as chain 3 describes it, in strict mode: the checks of a commit, in their order.
contract SetRegistryDouble is ISetRegistry {
    error NotAuthorizedSequencer();
    error InvalidSequenceRange();
    error InvalidEventCount(uint64 expected, uint32 provided);
    error EmptyEventsRoot();
    error BatchAlreadyCommitted();
    error StateRootMismatch(bytes32 expected, bytes32 provided);
    error SequenceGap(uint64 expected, uint64 provided);

    address public sequencer;
    bytes32 private _silent;
    mapping(bytes32 => BatchCommitment) private _batches;
    mapping(bytes32 => bytes32) private _latest;

    function authorize(address account) external {
        sequencer = account;
    }

    /// @dev The commit of this batch fails as a call does that runs out of gas.
    function failSilently(bytes32 batchId) external {
        _silent = batchId;
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
    ) external {
        if (batchId == _silent) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        if (msg.sender != sequencer) revert NotAuthorizedSequencer();
        if (sequenceEnd < sequenceStart) revert InvalidSequenceRange();
        uint64 expected = sequenceEnd - sequenceStart + 1;
        if (eventCount != expected) revert InvalidEventCount(expected, eventCount);
        if (eventsRoot == 0) revert EmptyEventsRoot();
        if (_batches[batchId].timestamp != 0) revert BatchAlreadyCommitted();
        bytes32 key = keccak256(abi.encodePacked(tenantId, storeId));
        BatchCommitment storage last = _batches[_latest[key]];
        if (last.timestamp != 0) {
            if (prevStateRoot != last.newStateRoot) {
                revert StateRootMismatch(last.newStateRoot, prevStateRoot);
            }
            if (sequenceStart != last.sequenceEnd + 1) {
                revert SequenceGap(last.sequenceEnd + 1, sequenceStart);
            }
        }
        _batches[batchId] = BatchCommitment(
            eventsRoot, newStateRoot, sequenceStart, sequenceEnd, eventCount, uint64(block.timestamp)
        );
        _latest[key] = batchId;
    }

    function batchExists(bytes32 batchId) external view returns (bool) {
        return _batches[batchId].timestamp != 0;
    }

    function getBatchCommitment(bytes32 batchId) external view returns (BatchCommitment memory) {
        return _batches[batchId];
    }

    function getLatestStateRoot(bytes32 tenantId, bytes32 storeId) external view returns (bytes32) {
        return _batches[_latest[keccak256(abi.encodePacked(tenantId, storeId))]].newStateRoot;
    }

    function getHeadSequence(bytes32 tenantId, bytes32 storeId) external view returns (uint64) {
        return _batches[_latest[keccak256(abi.encodePacked(tenantId, storeId))]].sequenceEnd;
    }
}
