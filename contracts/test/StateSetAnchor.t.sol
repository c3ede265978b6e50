// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StateSetAnchor} from "../src/StateSetAnchor.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {SlowTrees} from "./support/SlowTrees.sol";
import {Test} from "./support/Test.sol";

contract StateSetAnchorTest is Test {
    address internal constant ADMIN = address(0xA);
    address internal constant STRANGER = address(0xBAD);
    uint48 internal constant DELAY = 3 days;

    StateSetAnchor internal anchored;

    function setUp() public {
        vm.warp(1_700_000_000);
        anchored = new StateSetAnchor(DELAY, ADMIN, address(this));
    }

    // --- storing

    function test_a_commitment_reads_back_as_it_was_anchored() public {
        IAnchor.Commitment memory c = _commitment(1);
        vm.expectEmit(address(anchored));
        emit IAnchor.CommitmentAnchored(
            c.batchId,
            c.tenantId,
            c.storeId,
            c.eventsRoot,
            c.stateRoot,
            c.sequenceStart,
            c.sequenceEnd,
            c.eventCount,
            block.timestamp
        );
        _anchor(c);
        _assertStored(c, address(this));
        vm.assertTrue(anchored.isAnchored(c.batchId));
        vm.assertTrue(anchored.verifyEventsRoot(c.batchId, c.eventsRoot));
        vm.assertFalse(anchored.verifyEventsRoot(c.batchId, c.stateRoot));
        vm.assertEq(anchored.getAnchoredCount(), 1);
        vm.assertEq(anchored.anchoredBatches(0), c.batchId);
        vm.assertEq(anchored.getLatestSequence(c.tenantId, c.storeId), c.sequenceEnd);
        vm.assertEq(anchored.latestSequence(keccak256(bytes.concat(c.tenantId, c.storeId))), c.sequenceEnd);
    }

    function test_an_unknown_commitment_is_absent_everywhere() public {
        bytes32 unknown = bytes32("unknown");
        vm.assertFalse(anchored.isAnchored(unknown));
        vm.assertFalse(anchored.verifyEventsRoot(unknown, 0));
        vm.assertFalse(anchored.hasStarkProof(unknown));
        vm.assertFalse(anchored.verifyStarkProofHash(unknown, 0));
        vm.assertFalse(anchored.verifyInclusion(unknown, 0, new bytes32[](0), 0));
        vm.assertFalse(anchored.verifyEvent(unknown, 0, 0, new bytes(64), new bytes32[](0)));
        (bytes32 id,,,,,,,, uint256 when, address by) = anchored.commitments(unknown);
        vm.assertEq(id, bytes32(0));
        vm.assertEq(when, 0);
        vm.assertEq(by, address(0));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, unknown));
        anchored.getCommitment(unknown);
    }

    function test_an_id_in_use_is_refused() public {
        IAnchor.Commitment memory c = _commitment(1);
        _anchor(c);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.AlreadyAnchored.selector, c.batchId));
        _anchor(c);
    }

    function test_a_range_that_ends_before_it_starts_is_refused() public {
        IAnchor.Commitment memory c = _commitment(1);
        c.sequenceEnd = c.sequenceStart - 1;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.InvalidSequenceRange.selector, c.batchId));
        _anchor(c);
    }

    function test_a_commitment_to_no_events_is_refused() public {
        IAnchor.Commitment memory c = _commitment(1);
        c.eventCount = 0;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.EmptyBatch.selector, c.batchId));
        _anchor(c);
    }

    function test_the_latest_sequence_never_goes_back() public {
        IAnchor.Commitment memory c = _commitment(1);
        _anchor(c);
        uint64 latest = c.sequenceEnd;
        (c.batchId, c.sequenceStart, c.sequenceEnd) = (bytes32("earlier"), 1, 2);
        _anchor(c);
        vm.assertEq(anchored.getLatestSequence(c.tenantId, c.storeId), latest);
    }

    // --- storing again

    function test_anchoring_if_absent_stores_once_and_then_changes_nothing() public {
        IAnchor.Commitment memory c = _commitment(1);
        vm.assertTrue(anchored.anchorIfAbsent(c));
        vm.recordLogs();
        vm.assertFalse(anchored.anchorIfAbsent(c));
        vm.assertEq(vm.getRecordedLogs().length, 0);
        vm.assertEq(anchored.getAnchoredCount(), 1);
        _assertStored(c, address(this));
    }

    function test_anchoring_if_absent_refuses_any_other_content(uint8 which, uint256 change) public {
        IAnchor.Commitment memory c = _commitment(1);
        anchored.anchorIfAbsent(c);
        _alter(c, which, change);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.ConflictingCommitment.selector, c.batchId));
        anchored.anchorIfAbsent(c);
        _assertStored(_commitment(1), address(this));
    }

    function test_anchoring_many_stores_new_ones_skips_repeats_and_names_conflicts() public {
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](4);
        (many[0], many[1], many[2], many[3]) =
        (_commitment(1), _commitment(2), _commitment(2), _commitment(1));
        many[3].eventsRoot = bytes32("other");
        _anchor(_commitment(1));
        vm.expectEmit(address(anchored));
        emit IAnchor.AnchorConflict(many[3].batchId, _commitment(1).eventsRoot, bytes32("other"));
        vm.assertEq(anchored.anchorMany(many), 1);
        vm.assertEq(anchored.getAnchoredCount(), 2);
        _assertStored(_commitment(1), address(this));
        _assertStored(_commitment(2), address(this));
        vm.assertEq(anchored.anchorMany(many), 0);
    }

    function test_anchoring_a_batch_is_all_or_nothing() public {
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](2);
        (many[0], many[1]) = (_commitment(1), _commitment(2));
        vm.expectEmit(address(anchored));
        emit StateSetAnchor.BatchAnchored(
            keccak256(bytes.concat(many[0].batchId, many[1].batchId)), 2, block.timestamp
        );
        _anchorBatch(many);
        _assertStored(many[0], address(this));
        _assertStored(many[1], address(this));

        (many[0], many[1]) = (_commitment(3), _commitment(2));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.AlreadyAnchored.selector, many[1].batchId));
        _anchorBatch(many);
        vm.assertFalse(anchored.isAnchored(many[0].batchId));
    }

    function test_arrays_of_different_lengths_are_refused() public {
        for (uint256 odd = 0; odd < 8; ++odd) {
            uint256[8] memory n;
            for (uint256 i = 0; i < 8; ++i) {
                n[i] = i == odd ? 2 : 1;
            }
            vm.expectRevert(StateSetAnchor.ArrayLengthMismatch.selector);
            anchored.anchorBatch(
                new bytes32[](n[0]),
                new bytes32[](n[1]),
                new bytes32[](n[2]),
                new bytes32[](n[3]),
                new bytes32[](n[4]),
                new uint64[](n[5]),
                new uint64[](n[6]),
                new uint32[](n[7])
            );
        }
    }

    // --- who may

    function test_only_an_anchorer_writes() public {
        IAnchor.Commitment memory c = _commitment(1);
        bytes memory refusal = _missingRole(STRANGER, anchored.ANCHORER_ROLE());
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](1);
        many[0] = c;
        vm.startPrank(STRANGER);
        vm.expectRevert(refusal);
        _anchor(c);
        vm.expectRevert(refusal);
        _anchorBatch(many);
        vm.expectRevert(refusal);
        anchored.anchorIfAbsent(c);
        vm.expectRevert(refusal);
        anchored.anchorMany(many);
        vm.expectRevert(refusal);
        anchored.commitStarkProof(c.batchId, bytes32("p"), 0, c.stateRoot, 0, 0, true, 1, 1);
        vm.stopPrank();
        vm.assertEq(anchored.getAnchoredCount(), 0);
    }

    function test_it_cannot_be_opened_to_everybody() public {
        vm.assertFalse(anchored.permissionless());
        vm.startPrank(ADMIN);
        anchored.setPermissionless(false);
        vm.expectRevert(StateSetAnchor.AccessIsByRole.selector);
        anchored.setPermissionless(true);
        vm.stopPrank();
        vm.expectRevert(_missingRole(address(this), bytes32(0)));
        anchored.setPermissionless(false);
    }

    function test_a_new_owner_accepts_after_the_delay() public {
        vm.assertEq(anchored.owner(), ADMIN);
        vm.expectRevert(_missingRole(address(this), bytes32(0)));
        anchored.transferOwnership(STRANGER);
        vm.prank(ADMIN);
        anchored.transferOwnership(address(0xB));
        vm.assertEq(anchored.owner(), ADMIN);
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(address(0xB));
        anchored.acceptDefaultAdminTransfer();
        vm.assertEq(anchored.owner(), address(0xB));
    }

    // --- compliance proofs

    function test_a_compliance_proof_is_stored_once_for_an_anchored_batch() public {
        IAnchor.Commitment memory c = _commitment(1);
        bytes32 hash = bytes32("proof");
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, c.batchId));
        anchored.commitStarkProof(c.batchId, hash, 0, c.stateRoot, bytes32("policy"), 0, true, 9, 1);
        _anchor(c);
        vm.expectEmit(address(anchored));
        emit StateSetAnchor.StarkProofCommitted(c.batchId, hash, bytes32("policy"), true, 9);
        anchored.commitStarkProof(c.batchId, hash, 0, c.stateRoot, bytes32("policy"), 0, true, 9, 1);
        vm.assertTrue(anchored.hasStarkProof(c.batchId));
        vm.assertTrue(anchored.verifyStarkProofHash(c.batchId, hash));
        vm.assertFalse(anchored.verifyStarkProofHash(c.batchId, bytes32("other")));
        (bytes32 proofHash, bytes32 policyHash, bool compliant, uint64 when) =
            anchored.getStarkProofDetails(c.batchId);
        vm.assertEq(proofHash, hash);
        vm.assertEq(policyHash, bytes32("policy"));
        vm.assertTrue(compliant);
        vm.assertEq(when, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(StateSetAnchor.StarkProofAlreadyCommitted.selector, c.batchId));
        anchored.commitStarkProof(c.batchId, hash, 0, c.stateRoot, bytes32("policy"), 0, true, 9, 1);
    }

    function test_a_compliance_proof_that_says_nothing_is_refused() public {
        IAnchor.Commitment memory c = _commitment(1);
        _anchor(c);
        vm.expectRevert(abi.encodeWithSelector(StateSetAnchor.StateRootMismatchInProof.selector, c.batchId));
        anchored.commitStarkProof(c.batchId, bytes32("p"), 0, bytes32("other"), 0, 0, true, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(StateSetAnchor.InvalidProof.selector, c.batchId));
        anchored.commitStarkProof(c.batchId, 0, 0, c.stateRoot, 0, 0, true, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(StateSetAnchor.InvalidProof.selector, c.batchId));
        anchored.commitStarkProof(c.batchId, bytes32("p"), 0, c.stateRoot, 0, 0, true, 0, 1);
        vm.assertFalse(anchored.hasStarkProof(c.batchId));
    }

    // --- inclusion

    function test_each_leaf_proves_itself_and_nothing_else(uint256 size, uint256 index, bytes32 seed) public {
        size = _between(size, 1, 70);
        index = _between(index, 0, size - 1);
        bytes32[] memory leaves = _leaves(size, seed);
        (bytes32 root, bytes32[] memory proof) = SlowTrees.paddedRootAndProof(leaves, index);
        bytes32 id = _anchorRoot(root, size);
        vm.assertTrue(anchored.verifyInclusion(id, leaves[index], proof, index));
        vm.assertFalse(anchored.verifyInclusion(id, keccak256(bytes.concat(leaves[index])), proof, index));
        vm.assertFalse(anchored.verifyInclusion(id, leaves[index], proof, size));
        if (size > 1) vm.assertFalse(anchored.verifyInclusion(id, leaves[index], proof, (index + 1) % size));
        for (uint256 i = 0; i < proof.length; ++i) {
            proof[i] = ~proof[i];
            vm.assertFalse(anchored.verifyInclusion(id, leaves[index], proof, index));
            proof[i] = ~proof[i];
        }
        vm.assertFalse(anchored.verifyInclusion(id, leaves[index], new bytes32[](proof.length + 1), index));
    }

    function test_an_inner_node_does_not_pass_for_a_leaf() public {
        bytes32[] memory leaves = _leaves(4, bytes32("seed"));
        (bytes32 root, bytes32[] memory proof) = SlowTrees.paddedRootAndProof(leaves, 0);
        bytes32 id = _anchorRoot(root, 4);
        bytes32[] memory shorter = new bytes32[](1);
        shorter[0] = proof[1];
        vm.assertFalse(anchored.verifyInclusion(id, SlowTrees.vesNode(leaves[0], leaves[1]), shorter, 0));
        vm.assertFalse(anchored.verifyInclusion(id, root, new bytes32[](0), 0));
    }

    function test_an_event_is_proven_by_its_number_hash_and_signature(uint256 size, uint256 index) public {
        size = _between(size, 1, 20);
        index = _between(index, 0, size - 1);
        IAnchor.Commitment memory c = _commitment(1);
        bytes memory signature = bytes.concat(keccak256("r"), keccak256("s"));
        bytes32[] memory leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = sha256(
                bytes.concat(
                    "VES_LEAF_V1",
                    bytes16(c.tenantId),
                    bytes16(c.storeId),
                    bytes8(uint64(c.sequenceStart + i)),
                    bytes32(i),
                    signature
                )
            );
        }
        bytes32[] memory proof;
        (c.eventsRoot, proof) = SlowTrees.paddedRootAndProof(leaves, index);
        c.eventCount = uint32(size);
        _anchor(c);
        uint64 number = uint64(c.sequenceStart + index);
        vm.assertTrue(anchored.verifyEvent(c.batchId, number, bytes32(index), signature, proof));
        vm.assertFalse(anchored.verifyEvent(c.batchId, number + 1, bytes32(index), signature, proof));
        vm.assertFalse(anchored.verifyEvent(c.batchId, number, bytes32(index + 1), signature, proof));
        vm.assertFalse(
            anchored.verifyEvent(
                c.batchId, number, bytes32(index), bytes.concat(signature, ""), new bytes32[](7)
            )
        );
        vm.assertFalse(anchored.verifyEvent(c.batchId, number, bytes32(index), new bytes(63), proof));
        vm.assertFalse(anchored.verifyEvent(c.batchId, c.sequenceStart - 1, 0, signature, proof));
    }

    // --- helpers

    function _commitment(uint256 n) internal pure returns (IAnchor.Commitment memory) {
        return IAnchor.Commitment({
            batchId: bytes32(bytes16(keccak256(abi.encode("batch", n)))),
            tenantId: bytes32(bytes16(keccak256("tenant"))),
            storeId: bytes32(bytes16(keccak256("store"))),
            eventsRoot: keccak256(abi.encode("events", n)),
            stateRoot: keccak256(abi.encode("state", n)),
            sequenceStart: uint64(n * 100),
            sequenceEnd: uint64(n * 100 + 41),
            eventCount: 42
        });
    }

    function _alter(IAnchor.Commitment memory c, uint8 which, uint256 change) internal pure {
        change = _between(change, 1, type(uint32).max - 1000);
        which = which % 7;
        if (which == 0) c.tenantId = bytes32(uint256(c.tenantId) ^ change);
        if (which == 1) c.storeId = bytes32(uint256(c.storeId) ^ change);
        if (which == 2) c.eventsRoot = bytes32(uint256(c.eventsRoot) ^ change);
        if (which == 3) c.stateRoot = bytes32(uint256(c.stateRoot) ^ change);
        if (which == 4) c.sequenceStart += uint64(change);
        if (which == 5) c.sequenceEnd += uint64(change);
        if (which == 6) c.eventCount += uint32(change);
    }

    function _anchor(IAnchor.Commitment memory c) internal {
        anchored.anchor(
            c.batchId,
            c.tenantId,
            c.storeId,
            c.eventsRoot,
            c.stateRoot,
            c.sequenceStart,
            c.sequenceEnd,
            c.eventCount
        );
    }

    function _anchorRoot(bytes32 root, uint256 size) internal returns (bytes32) {
        IAnchor.Commitment memory c = _commitment(9);
        (c.eventsRoot, c.eventCount) = (root, uint32(size));
        _anchor(c);
        return c.batchId;
    }

    function _anchorBatch(IAnchor.Commitment[] memory many) internal {
        uint256 n = many.length;
        bytes32[] memory ids = new bytes32[](n);
        bytes32[] memory tenants = new bytes32[](n);
        bytes32[] memory stores = new bytes32[](n);
        bytes32[] memory events = new bytes32[](n);
        bytes32[] memory states = new bytes32[](n);
        uint64[] memory starts = new uint64[](n);
        uint64[] memory ends = new uint64[](n);
        uint32[] memory counts = new uint32[](n);
        for (uint256 i = 0; i < n; ++i) {
            (ids[i], tenants[i], stores[i]) = (many[i].batchId, many[i].tenantId, many[i].storeId);
            (events[i], states[i]) = (many[i].eventsRoot, many[i].stateRoot);
            (starts[i], ends[i], counts[i]) = (many[i].sequenceStart, many[i].sequenceEnd, many[i].eventCount);
        }
        anchored.anchorBatch(ids, tenants, stores, events, states, starts, ends, counts);
    }

    function _leaves(uint256 size, bytes32 seed) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _assertStored(IAnchor.Commitment memory c, address by) internal view {
        bytes memory expected = abi.encode(
            c.tenantId,
            c.storeId,
            c.eventsRoot,
            c.stateRoot,
            c.sequenceStart,
            c.sequenceEnd,
            c.eventCount,
            block.timestamp,
            by
        );
        (bool ok, bytes memory answer) =
            address(anchored).staticcall(abi.encodeCall(anchored.getCommitment, (c.batchId)));
        vm.assertTrue(ok);
        vm.assertEq(keccak256(answer), keccak256(expected));
        (ok, answer) = address(anchored).staticcall(abi.encodeCall(anchored.commitments, (c.batchId)));
        vm.assertTrue(ok);
        vm.assertEq(keccak256(answer), keccak256(bytes.concat(c.batchId, expected)));
    }
}
