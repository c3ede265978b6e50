// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SetRegistryAnchor} from "../src/SetRegistryAnchor.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {SetRegistryDouble} from "./support/SetRegistryDouble.sol";
import {Test} from "./support/Test.sol";

contract SetRegistryAnchorTest is Test {
    SetRegistryDouble internal registry;
    SetRegistryAnchor internal adapter;

    function setUp() public {
        registry = new SetRegistryDouble();
        adapter = new SetRegistryAnchor(0, address(0xA), address(this), registry);
        registry.authorize(address(adapter));
    }

    function test_commitments_of_a_stream_follow_each_other_in_the_registry() public {
        IAnchor.Commitment memory c = _commitment(1);
        vm.expectEmit(address(adapter));
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
        vm.assertTrue(adapter.isAnchored(c.batchId));
        vm.assertTrue(adapter.verifyEventsRoot(c.batchId, c.eventsRoot));
        vm.assertFalse(adapter.verifyEventsRoot(c.batchId, c.stateRoot));
        vm.assertTrue(adapter.anchorIfAbsent(_commitment(2)));
        vm.assertEq(adapter.getLatestSequence(c.tenantId, c.storeId), 19);
        vm.assertEq(registry.getLatestStateRoot(c.tenantId, c.storeId), _commitment(2).stateRoot);
    }

    function test_the_registrys_refusals_come_through() public {
        _anchor(_commitment(1));
        vm.expectRevert(abi.encodeWithSelector(SetRegistryDouble.SequenceGap.selector, 10, 20));
        _anchor(_commitment(3));
        registry.authorize(address(0));
        vm.expectRevert(SetRegistryDouble.NotAuthorizedSequencer.selector);
        _anchor(_commitment(2));
    }

    function test_an_id_in_use_is_refused_skipped_or_named_as_with_our_own_anchor() public {
        IAnchor.Commitment memory c = _commitment(1);
        vm.assertFalse(adapter.verifyEventsRoot(c.batchId, 0));
        _anchor(c);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.AlreadyAnchored.selector, c.batchId));
        _anchor(c);
        vm.assertFalse(adapter.anchorIfAbsent(c));
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](3);
        (many[0], many[1], many[2]) = (c, _commitment(2), _commitment(1));
        many[2].eventsRoot = bytes32("other");
        vm.expectEmit(address(adapter));
        emit IAnchor.AnchorConflict(c.batchId, c.eventsRoot, bytes32("other"));
        vm.assertEq(adapter.anchorMany(many), 1);
        vm.assertTrue(adapter.isAnchored(many[1].batchId));
    }

    function test_of_many_the_one_that_the_registry_refuses_is_left_out_with_its_reason() public {
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](3);
        (many[0], many[1], many[2]) = (_commitment(1), _commitment(3), _commitment(2));
        bytes memory gap = abi.encodeWithSelector(SetRegistryDouble.SequenceGap.selector, 10, 20);
        vm.expectEmit(address(adapter));
        emit SetRegistryAnchor.AnchorRefused(many[1].batchId, gap);
        vm.assertEq(adapter.anchorMany(many), 2);
        vm.assertFalse(adapter.isAnchored(many[1].batchId));
        vm.assertTrue(adapter.isAnchored(many[2].batchId));
    }

    function test_many_that_are_all_refused_revert_with_the_first_refusal() public {
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](2);
        (many[0], many[1]) = (_commitment(1), _commitment(2));
        many[1].eventsRoot = 0;
        registry.authorize(address(0));
        vm.expectRevert(SetRegistryDouble.NotAuthorizedSequencer.selector);
        adapter.anchorMany(many);
    }

    function test_a_registry_that_fails_without_a_reason_reverts_the_whole_call() public {
        IAnchor.Commitment[] memory many = new IAnchor.Commitment[](2);
        (many[0], many[1]) = (_commitment(1), _commitment(2));
        registry.failSilently(many[1].batchId);
        vm.expectRevert(abi.encodeWithSelector(SetRegistryAnchor.RegistryFailed.selector, many[1].batchId));
        adapter.anchorMany(many);
        vm.assertFalse(adapter.isAnchored(many[0].batchId));
    }

    function test_any_other_content_is_a_conflict() public {
        adapter.anchorIfAbsent(_commitment(1));
        for (uint256 i = 0; i < 5; ++i) {
            IAnchor.Commitment memory c = _commitment(1);
            if (i == 0) c.eventsRoot = ~c.eventsRoot;
            if (i == 1) c.stateRoot = ~c.stateRoot;
            if (i == 2) c.sequenceStart += 1;
            if (i == 3) c.sequenceEnd += 1;
            if (i == 4) c.eventCount += 1;
            vm.expectRevert(abi.encodeWithSelector(IAnchor.ConflictingCommitment.selector, c.batchId));
            adapter.anchorIfAbsent(c);
        }
    }

    function test_only_an_anchorer_writes() public {
        IAnchor.Commitment memory c = _commitment(1);
        bytes memory refusal = _missingRole(address(0xBAD), adapter.ANCHORER_ROLE());
        vm.startPrank(address(0xBAD));
        vm.expectRevert(refusal);
        _anchor(c);
        vm.expectRevert(refusal);
        adapter.anchorIfAbsent(c);
        vm.expectRevert(refusal);
        adapter.anchorMany(new IAnchor.Commitment[](0));
        vm.stopPrank();
        vm.assertFalse(adapter.isAnchored(c.batchId));
    }

    function _commitment(uint256 n) internal pure returns (IAnchor.Commitment memory) {
        return IAnchor.Commitment({
            batchId: keccak256(abi.encode("batch", n)),
            tenantId: bytes32("tenant"),
            storeId: bytes32("store"),
            eventsRoot: keccak256(abi.encode("events", n)),
            stateRoot: keccak256(abi.encode("state", n)),
            sequenceStart: uint64((n - 1) * 10),
            sequenceEnd: uint64((n - 1) * 10 + 9),
            eventCount: 10
        });
    }

    function _anchor(IAnchor.Commitment memory c) internal {
        adapter.anchor(
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
}
