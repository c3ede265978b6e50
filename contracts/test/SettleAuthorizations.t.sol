// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentSettlement} from "../src/interfaces/IPaymentSettlement.sol";
import {TestToken} from "../src/token/TestToken.sol";
import {BadToken} from "./support/BadToken.sol";
import {SettlementTest} from "./support/SettlementTest.sol";
import {Vm} from "./support/Test.sol";
import {Wallet} from "./support/Wallet.sol";

contract SettleAuthorizationsTest is SettlementTest {
    address internal constant PAYEE = address(0x9A9E);

    function setUp() public {
        _setUp();
    }

    function test_an_authorization_moves_the_money_without_an_allowance(uint256 value) public {
        value = _between(value, 10, MAX);
        IPaymentSettlement.Authorization memory one = _funded(1, value);
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.PaymentSettled(
            _batch(1), one.intentId, one.from, PAYEE, value, address(token)
        );
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.BatchSubmitted(_batch(1), ROOT, 1, value, address(token));
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.BatchSettled(_batch(1), 1, value, 0);
        _settle(_batch(1), one);
        vm.assertEq(token.balanceOf(PAYEE), value);
        vm.assertEq(token.balanceOf(one.from), 0);
        vm.assertTrue(token.authorizationState(one.from, one.nonce));
        vm.assertEq(settlement.settledIn(one.intentId), _batch(1));
    }

    function test_an_authorization_is_used_once_under_any_id() public {
        IPaymentSettlement.Authorization memory one = _funded(1, 100);
        _settle(_batch(1), one);
        vm.recordLogs();
        _settle(_batch(1), one);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1);
        vm.assertEq(logs[0].topics[0], IPaymentSettlement.BatchRepeated.selector);
        _refused(one, "Already settled");
        one.intentId = _id(2);
        token.mint(one.from, 100);
        _refused(one, "Nonce already used");
        vm.assertEq(token.balanceOf(PAYEE), 100);
    }

    function test_an_intent_is_paid_once_whichever_way_it_comes() public {
        IPaymentSettlement.Authorization memory one = _funded(1, 100);
        _settle(_batch(1), one);
        IPaymentSettlement.PaymentIntent memory again = _intent(1, _payer(1), 100);
        _expectFailed(_batch(2), one.intentId, one.from, "Already settled");
        _settle(_batch(2), again);
        IPaymentSettlement.Authorization[] memory many = new IPaymentSettlement.Authorization[](1);
        many[0] = one;
        vm.expectRevert(IPaymentSettlement.BatchAlreadySettled.selector);
        settlement.settleAuthorizations(_batch(2), ROOT, KEY, 1, 1, many);
        vm.assertEq(token.balanceOf(PAYEE), 100);
    }

    function test_an_authorization_is_valid_strictly_between_its_times() public {
        IPaymentSettlement.Authorization memory one = _funded(1, 100);
        one.validBefore = block.timestamp;
        one.signature = _signed(1001, one);
        _refused(one, "Payment expired");
        (one.validAfter, one.validBefore) = (START, START + 2);
        one.signature = _signed(1001, one);
        _refused(one, "Payment not yet valid");
        vm.warp(START + 1);
        _settle(_batch(1), one);
        vm.assertEq(token.balanceOf(PAYEE), 100);
    }

    function test_a_signature_for_anything_else_pays_nothing(uint8 which) public {
        IPaymentSettlement.Authorization memory one = _funded(1, 100);
        token.mint(one.from, 1000);
        which = which % 5;
        if (which == 0) one.to = STRANGER;
        if (which == 1) one.value += 1;
        if (which == 2) one.validBefore += 1;
        if (which == 3) one.nonce = ~one.nonce;
        if (which == 4) one.signature[40] = ~one.signature[40];
        _refused(one, "Transfer failed");
        vm.assertFalse(token.authorizationState(one.from, one.nonce));
        vm.assertEq(token.balanceOf(one.from), 1100);
    }

    function test_bounds_and_balance_hold_for_authorizations_too() public {
        _refused(_authorization(1, PAYEE, 9), "Amount below minimum");
        _refused(_authorization(2, PAYEE, 100), "Insufficient balance");
        IPaymentSettlement.Authorization memory one = _funded(3, 100);
        one.token = address(new TestToken("Other", "OTH", 6, address(this)));
        _refused(one, "Asset not enabled");
        IPaymentSettlement.Authorization[] memory many = new IPaymentSettlement.Authorization[](2);
        (many[0], many[1]) = (_funded(4, 100), one);
        _expectFailed(_batch(4), one.intentId, one.from, "Token differs from the batch");
        settlement.settleAuthorizations(_batch(4), ROOT, KEY, 1, 2, many);
        vm.assertEq(token.balanceOf(PAYEE), 100);
    }

    function test_one_bad_item_leaves_the_others_alone() public {
        IPaymentSettlement.Authorization[] memory many = new IPaymentSettlement.Authorization[](5);
        for (uint256 i = 0; i < 5; ++i) {
            many[i] = _funded(i, 100);
        }
        many[2].signature = new bytes(65);
        _expectFailed(_batch(1), many[2].intentId, many[2].from, "Transfer failed");
        settlement.settleAuthorizations(_batch(1), ROOT, KEY, 1, 5, many);
        vm.assertEq(token.balanceOf(PAYEE), 400);
        (,, uint128 total,,,,, uint32 count) = settlement.getBatch(_batch(1));
        vm.assertEq(total, 400);
        vm.assertEq(count, 4);
    }

    function test_a_wallet_that_is_a_contract_signs_in_its_own_way() public {
        IPaymentSettlement.Authorization memory one = _authorization(1, PAYEE, 100);
        one.from = address(new Wallet());
        token.mint(one.from, 100);
        one.signature = "not";
        _refused(one, "Transfer failed");
        one.signature = "yes";
        _settle(_batch(1), one);
        vm.assertEq(token.balanceOf(PAYEE), 100);
    }

    function test_what_a_token_does_wrong_undoes_that_authorization_alone() public {
        BadToken.Fault[7] memory faults = [
            BadToken.Fault.Reverts,
            BadToken.Fault.TakesAFee,
            BadToken.Fault.MovesNothing,
            BadToken.Fault.BurnsAllGas,
            BadToken.Fault.RevertsWithTooMuch,
            BadToken.Fault.Reenters,
            BadToken.Fault.HidesBalances
        ];
        BadToken bad = new BadToken();
        _configure(address(bad), true, 10, MAX, MAX);
        for (uint256 i = 0; i < faults.length; ++i) {
            bad.set(faults[i]);
            IPaymentSettlement.Authorization memory one = _authorization(i, PAYEE, 100);
            one.token = address(bad);
            bad.mint(one.from, 100);
            _refused(one, "Transfer failed");
            bad.set(BadToken.Fault.None);
            vm.assertEq(bad.balanceOf(one.from), 100);
        }
        vm.assertEq(bad.balanceOf(PAYEE), 0);
        bad.set(BadToken.Fault.HidesStates);
        IPaymentSettlement.Authorization memory poor = _authorization(9, PAYEE, 100);
        poor.token = address(bad);
        _refused(poor, "Transfer failed");
    }

    function test_the_whole_call_is_refused_as_for_intents() public {
        IPaymentSettlement.Authorization memory one = _funded(1, 100);
        IPaymentSettlement.Authorization[] memory many = new IPaymentSettlement.Authorization[](1);
        many[0] = one;
        vm.expectRevert(IPaymentSettlement.EmptyBatch.selector);
        settlement.settleAuthorizations(_batch(1), ROOT, KEY, 1, 1, new IPaymentSettlement.Authorization[](0));
        bytes memory refusal = _missingRole(STRANGER, settlement.SETTLER_ROLE());
        vm.prank(STRANGER);
        vm.expectRevert(refusal);
        settlement.settleAuthorizations(_batch(1), ROOT, KEY, 1, 1, many);
        vm.expectRevert(IPaymentSettlement.OnlySelf.selector);
        settlement.payAuthorized(_batch(1), address(token), one);
        vm.expectRevert(IPaymentSettlement.InsufficientGas.selector);
        settlement.settleAuthorizations{gas: 540_000}(_batch(1), ROOT, KEY, 1, 1, many);
        vm.prank(ADMIN);
        settlement.pause();
        vm.expectRevert(abi.encodeWithSignature("EnforcedPause()"));
        settlement.settleAuthorizations(_batch(1), ROOT, KEY, 1, 1, many);
        vm.assertEq(token.balanceOf(PAYEE), 0);
    }

    // --- the token

    function test_the_token_is_minted_by_its_minter_alone() public {
        bytes32 role = token.MINTER_ROLE();
        vm.prank(STRANGER);
        vm.expectRevert(_missingRole(STRANGER, role));
        token.mint(STRANGER, 1);
        vm.assertEq(token.totalSupply(), 0);
        vm.assertEq(token.decimals(), 6);
        vm.assertEq(token.version(), "2");
    }

    // --- helpers

    function _funded(uint256 n, uint256 value)
        internal
        returns (IPaymentSettlement.Authorization memory one)
    {
        one = _authorization(n, PAYEE, value);
        token.mint(one.from, value);
    }

    function _refused(IPaymentSettlement.Authorization memory one, string memory reason) internal {
        bytes32 batchId = keccak256(abi.encode(one, reason));
        bool before = settlement.isIntentSettled(one.intentId);
        _expectFailed(batchId, one.intentId, one.from, reason);
        _settle(batchId, one);
        vm.assertEq(settlement.isIntentSettled(one.intentId), before);
    }
}
