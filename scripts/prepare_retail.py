"""Makes tables of households and weeks from the simulated purchases of The Complete Journey.

    python3 prepare_retail.py FOLDER_OF_PARQUET_FILES DESTINATION

A row holds what a household bought in the eight weeks before a week. The answers are what it spends in that week and the
category that it spends most on, which is empty in a week without purchases. The weeks 9 to 46 are for training, the
weeks 47 to 52 for testing. Prints what simple guesses reach on the test weeks. Needs pyarrow.
"""

import csv
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as parquet

HISTORY = 8
CATEGORIES = 30
FIRST_WEEK, FIRST_TEST_WEEK, LAST_WEEK = HISTORY + 1, 47, 52
DEMOGRAPHICS = ("age", "income", "household_comp", "kids_count")


def columns(folder, table, *names):
    """Tuples of the named columns."""
    data = parquet.read_table(Path(folder) / f"{table}.parquet", columns=list(names))
    return zip(*(data.column(name).to_pylist() for name in names))


class Purchases:
    """Spending by household and week, in all and by category."""

    def __init__(self, folder):
        categories = dict(columns(folder, "products", "product_id", "product_category"))
        self.spending = defaultdict(lambda: defaultdict(float))
        self.by_category = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
        self.baskets = defaultdict(lambda: defaultdict(set))
        totals = Counter()
        for household, week, product, basket, value in columns(
                folder, "transactions", "household_id", "week", "product_id", "basket_id", "sales_value"):
            self.spending[household][week] += value
            self.baskets[household][week].add(basket)
            category = categories.get(product)
            # Fuel and coupons are no goods of a shelf.
            if category and not category.startswith("COUPON"):
                self.by_category[household][week][category] += value
                if week < FIRST_TEST_WEEK:
                    totals[category] += value
        self.categories = [category for category, _ in totals.most_common(CATEGORIES)]

    def favourite(self, household, weeks):
        """The category that most is spent on in some weeks; None without purchases."""
        sums = defaultdict(float)
        for week in weeks:
            for category, value in self.by_category[household][week].items():
                if category in self.categories:
                    sums[category] += value
        return max(sums, key=lambda category: (sums[category], category)) if sums else None

    def row(self, household, week):
        """What was bought before a week, and the answers of the week."""
        past = range(week - HISTORY, week)
        spent = [self.spending[household][w] for w in past]
        visits = [len(self.baskets[household][w]) for w in past]
        row = {
            "spentLastWeek": spent[-1], "spentFourWeeks": sum(spent[-4:]) / 4, "spentEightWeeks": sum(spent) / HISTORY,
            "visitsLastWeek": visits[-1], "visitsEightWeeks": sum(visits) / HISTORY,
            "weeksWithPurchases": sum(value > 0 for value in spent),
        }
        for number, category in enumerate(self.categories):
            row[f"category{number}"] = sum(self.by_category[household][w][category] for w in past) / HISTORY
        row["favourite"] = self.favourite(household, past) or ""
        row["spend"] = self.spending[household][week]
        row["nextCategory"] = self.favourite(household, [week]) or ""
        return row


def main():
    folder, destination = sys.argv[1], Path(sys.argv[2])
    purchases = Purchases(folder)
    demographics = {row[0]: row[1:] for row in columns(folder, "demographics", "household_id", *DEMOGRAPHICS)}
    destination.mkdir(parents=True, exist_ok=True)
    for part, weeks in (
            ("train", range(FIRST_WEEK, FIRST_TEST_WEEK)), ("test", range(FIRST_TEST_WEEK, LAST_WEEK + 1))):
        rows = []
        for household in sorted(demographics):
            known = {name: value or "" for name, value in zip(DEMOGRAPHICS, demographics[household])}
            rows += [{**known, **purchases.row(household, week)} for week in weeks]
        with open(destination / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow(
                    {key: f"{value:.4g}" if isinstance(value, float) else value for key, value in row.items()})
        answered = [row for row in rows if row["nextCategory"]]
        common = Counter(row["nextCategory"] for row in answered).most_common(1)[0][1]

        def error(guess):
            return sum(abs(row["spend"] - row[guess]) for row in rows) / len(rows)

        print(
            f"{part}: {len(rows)} rows; mean absolute error of the spending by last week's {error('spentLastWeek'):.2f}, "
            f"by the mean of eight weeks {error('spentEightWeeks'):.2f}; category of {len(answered)} rows, right by "
            f"the household's favourite {sum(r['favourite'] == r['nextCategory'] for r in answered) / len(answered):.3f}, "
            f"by the most frequent one {common / len(answered):.3f}")


if __name__ == "__main__":
    main()
