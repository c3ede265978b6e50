// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentSettlement} from "../src/PaymentSettlement.sol";
import {IPaymentSettlement} from "../src/interfaces/IPaymentSettlement.sol";
import {TestToken} from "../src/token/TestToken.sol";
import {Accounts} from "./support/Accounts.sol";
import {Test} from "./support/Test.sol";

/// @dev What holds after any sequence of calls. forge calls `Accounts` at random and then these functions.
contract InvariantsTest is Test {
    Accounts internal accounts;
    PaymentSettlement internal settlement;
    TestToken internal token;

    function setUp() public {
        accounts = new Accounts();
        (IPaymentSettlement settlement_, address token_) = accounts.books();
        (settlement, token) = (PaymentSettlement(address(settlement_)), TestToken(token_));
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(accounts);
    }

    /// @dev One campaign for all of them, so that each call of a run is made once.
    function invariant_money_and_commitments_are_what_the_books_say() external view {
        _eachIntentIsPaidOnceAndInTheBatchThatSaysSo();
        _theContractKeepsNoMoney();
        _aBatchRecordsWhatItMoved();
        _aCommitmentNeverChanges();
    }

    function _eachIntentIsPaidOnceAndInTheBatchThatSaysSo() private view {
        for (uint256 n = 0; n < 36; ++n) {
            bytes32 id = accounts.id_(n);
            vm.assertEq(settlement.settledIn(id), accounts.settledFirst(id));
        }
        for (uint256 who = 0; who < 4; ++who) {
            address person = accounts.person_(who);
            vm.assertEq(token.balanceOf(person), uint256(accounts.expected(person)));
        }
    }

    function _theContractKeepsNoMoney() private view {
        vm.assertEq(token.balanceOf(address(settlement)), 0);
        vm.assertEq(token.totalSupply(), accounts.minted());
    }

    function _aBatchRecordsWhatItMoved() private view {
        for (uint256 n = 0; n < 36; ++n) {
            bytes32 batchId = accounts.settledFirst(accounts.id_(n));
            if (batchId == 0) continue;
            (,, uint128 total,,,,, uint32 count) = settlement.getBatch(batchId);
            vm.assertEq(total, accounts.batchTotal(batchId));
            vm.assertEq(count, accounts.batchCount(batchId));
        }
    }

    function _aCommitmentNeverChanges() private view {
        for (uint256 i = 0; i < accounts.anchored().getAnchoredCount(); ++i) {
            bytes32 id = accounts.anchored().anchoredBatches(i);
            vm.assertTrue(accounts.anchored().verifyEventsRoot(id, accounts.firstRoot(id)));
        }
        vm.assertEq(accounts.anchored().getAnchoredCount(), accounts.anchoredCount());
        vm.assertEq(accounts.anchored().getLatestSequence("tenant", "store"), accounts.latest());
    }
}
