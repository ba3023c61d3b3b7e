/// The Census-Income (KDD) data of the UCI repository: extracts of the current population surveys of 1994 and 1995.
///
/// 199,523 rows to train on and 99,762 to test on, with 39 inputs. Tasks: `income`, whether it is above 50,000 dollars
/// (6 %), and `neverMarried` (43 %). The weights of the survey's rows are no input.
///
/// Sources: Dua, Graff, "UCI Machine Learning Repository"; the pair of tasks is that of Ma et al., "Modeling Task
/// Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", KDD 2018.
public enum CensusIncome {
    /// Where `scripts/fetch-census.sh` puts the files.
    public static let defaultFolder = "Assets/census-income"
    public static let trainingFile = "train.csv"
    public static let testFile = "test.csv"

    public static let schema = TabularSchema(
        format: CSVFormat(trimsSpaces: true), columns: columns,
        // Codes that are written as numbers.
        categorical: [
            "industryRecode", "occupationRecode", "ownBusiness", "veteransBenefits", "year",
        ],
        numeric: ["age", "weeksWorked", "employerSize"],
        logarithmic: ["wagePerHour", "capitalGains", "capitalLosses", "dividends"],
        ignored: ["instanceWeight"],
        // A question mark is an answer of its own here; all columns that have it are categorical.
        missing: [""],
        targets: [
            TabularSchema.Target(task: "income", column: "income", kind: .binary(positive: ["50000+."])),
            TabularSchema.Target(
                task: "neverMarried", column: "maritalStatus", kind: .binary(positive: ["Never married"])),
        ])

    /// The files have no header.
    private static let columns = [
        "age", "classOfWorker", "industryRecode", "occupationRecode", "education", "wagePerHour", "enrolled",
        "maritalStatus", "industry", "occupation", "race", "hispanicOrigin", "sex", "unionMember",
        "reasonForUnemployment", "employment", "capitalGains", "capitalLosses", "dividends", "taxFiler",
        "previousRegion", "previousState", "householdAndFamily", "householdSummary", "instanceWeight",
        "migrationMetropolitan", "migrationRegion", "migrationWithinRegion", "sameHouse", "migrationSunbelt",
        "employerSize", "familyUnder18", "birthFather", "birthMother", "birthSelf", "citizenship", "ownBusiness",
        "veteransQuestionnaire", "veteransBenefits", "weeksWorked", "year", "income",
    ]
}
