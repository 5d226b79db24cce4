import { maybe, type Plot, SKY, some } from '../plot.js'

export const newFriend: Plot = {
  name: 'new-friend',
  traits: 'shy|quiet|lonely|friendly|gentle|kind',
  cast: { friend: 'newcomer', parent: 'parent' },
  place: 'out play|learn',
  things: { thing: 'toy two' },
  want: 'thing',
  beats: [
    `- [Day], [hero] sat all alone [place.in]. [Hero.He] wanted a friend to play with.
     - [Day], [hero] went [place.to]. "I wish I had a friend," [hero.he] said to [parent].
     - [Day], [hero] looked out of the window. Everyone had a friend, only [hero.he] had none.
     - [Day], [hero] was [place.in] with [thing.a], but it was no fun to play alone. {!has}
     - [Day], [hero] told [parent], "I have nobody to play with." "Go [place.to]," said [parent]. "Maybe you
       will meet someone."`,
    SKY,
    `- There [hero.he] saw [friend]. [Friend.He] was sitting alone, too.
     - After some time, [friend] came along and stopped not far away. [Friend.He] looked down at the ground.
     - Then [hero] saw somebody. It was [friend], who did not know anyone there.
     - Not far away stood [friend]. [Friend.He] looked $sad.
     - Behind a tree, somebody was hiding. It was [friend].`,
    `- [Hero] wanted to say hello, but [hero.he] was too shy. What if [friend] did not like [hero.him]?
     - At first, neither of them said a word.
     - [Hero] thought, "Maybe we could be friends."
     - [Hero.His] $heart. But then [hero.he] was brave.
     - [Hero] waited a little and then walked closer, step by step.`,
    `- "Hello, my name is [hero.name]. What is your name?" asked [hero]. "I am [friend.name]," was the answer.
     - "Hi," said [hero] $softly. "Do you want to play with me?" [Friend] looked up and $smiled.
     - [Hero] held out [thing.a]. "Would you like to [thing.use] with me?" [Friend.His] eyes became big. "Yes,
       please!" {!has}
     - "Are you new here?" asked [hero]. "Yes," said [friend]. "I do not have any friends yet." "Now you have
       one," said [hero].
     - [Friend] spoke first. "Can I play with you?" [friend.he] asked. "I was going to ask you the same
       thing!" said [hero], and both had to laugh.`,
    some(
      1,
      2,
      `- They played hide and seek [place.in].
     - [Friend] knew many funny jokes, and [hero] laughed until [hero.own] tummy hurt.
     - [Hero] had [snack.some] and gave half to [friend].
     - They talked about everything. They both liked to [act]!
     - Together they {built a little house out of sticks|drew pictures in the sand|made up a secret
       handshake|sang a silly song}.
     - They found out that they {had the same favorite color|lived close to each other|both loved stories|both
       were afraid of thunder}.`,
    ),
    `- When it was time to go, [friend] asked, "Can we meet again tomorrow?" "Of course!" said [hero].
     - In the evening, [hero] ran to [parent]. "I have a friend! It is [friend.name]!"
     - "Will you come back?" asked [hero]. "I will come every day," said [friend].
     - Before they went home, [friend] said, "I am so glad that you said hello."
     - [Parent] saw them together and smiled. "Who is your new friend?" "This is [friend.name]," said
       [hero].`,
    `- From then on, they met every day and did everything together.
     - They became best friends, and they still are today.
     - Now [hero] was not alone anymore.
     - And [place.in], they had the best time, day after day.
     - [Hero] was never lonely again.`,
  ],
  foods: { snack: 'snack' },
  moral:
    'one kind word can make a friend|saying hello is the first step to a friend|everyone needs a friend|it is worth being brave',
  feelings: 'happy|glad|warm inside|joyful',
  questions: `
    Who became the friend of [hero.full]? = [Friend.full] became the friend of [hero.full].
    Where did they meet? = They met [place.in].
    What did [hero.full] want? = [Hero.full] wanted a friend.`,
}

export const sickFriend: Plot = {
  name: 'sick-friend',
  traits: 'kind|caring|thoughtful|gentle|good',
  cast: { friend: 'friend', parent: 'parent' },
  foods: { soup: 'snack' },
  things: { thing: 'gift' },
  place: 'out play',
  rows: {
    ill: [
      'a bad cold / Achoo!',
      'a sore throat / My throat hurts,',
      'a fever / I feel so hot,',
      'a broken leg / I cannot run or jump,',
      'a tummy ache / My tummy hurts,',
      'a headache / My head hurts,',
      'a cough / Cough, cough!',
      'a sore foot / I cannot walk,',
    ],
  },
  want: 'thing',
  beats: [
    `- [Day], [hero] went [place.to] to play with [friend]. But [friend] did not come.
     - [Day], [hero] waited [place.in] for [friend]. [Hero.He] waited and waited.
     - [Day], [hero] wanted to play [place.in] with [friend]. But there was nobody.
     - [Day], [hero] knocked at the door of [friend]. "[friend.name] cannot play today," said a voice.`,
    `- "Where is [friend.name]?" [hero] asked [parent]. "[Friend.name] has [ill] and must stay in bed," said
       [parent].
     - [Parent] said, "Your friend is ill. It is [ill]."
     - Then [hero] heard that [friend] had [ill].
     - [Parent] told [hero] the news: [friend] was at home with [ill].`,
    `- [Hero] was $sad. [Hero.He] wanted to do something for [friend].
     - "Poor [friend.name]!" said [hero]. "What can I do?"
     - [Hero] thought about it. How could [hero.he] cheer up a sick friend?
     - [Hero] did not want to play alone. [Hero.He] wanted [friend] to feel better.`,
    `- Then [hero] had $idea. [Hero.He] put [soup.some] into a bag and took [thing.a] for [friend].
     - "I will bring a present," [hero] decided. [Hero.He] packed [thing.a] and [soup.some].
     - With the help of [parent], [hero] got [soup.some] and [thing.a] ready.
     - [Hero] looked at all [hero.his] things. In the end, [hero.he] picked [thing.a]. [Parent] added
       [soup.some].`,
    `- [Friend] lay in bed and looked pale. "[Ill.b]" said [friend]. Then [friend.he] saw [hero] and $smiled.
     - "Knock, knock!" called [hero]. [Friend] sat up in bed. "You came to see me!"
     - At the house of [friend], it was quiet. [Hero] opened the door and went in on tiptoe. [Friend] was so
       glad to see [hero.him].
     - When [friend] saw [hero] at the door, [friend.own] eyes began to shine.`,
    `- [Hero] gave [friend] the [thing]. "$wow! It is beautiful!" said [friend].
     - "This [thing] is for you," said [hero]. "And this, too." It was [soup.some]. They ate [soup.it]
       together.
     - "Look what I have for you," said [hero]. [Friend] took the [thing] and forgot all about being ill.
     - They ate [soup.some], and [hero] told funny stories. [Friend] held the [thing] and laughed.`,
    maybe(
      0.6,
      `- [Hero] read a story to [friend] until [friend] fell asleep.
     - They played a quiet game on the bed.
     - [Hero] came back every day.
     - "You are better than any medicine," said [friend].`,
    ),
    `- A few days later, [friend] was well again, and they played [place.in] as before.
     - Soon [friend] could get up. The first thing the two did was to go [place.to].
     - The next week, [friend] was waiting [place.in]. "I am well again, thanks to you!" [friend.he] said.
     - It did not take long before [friend] was healthy and strong again.`,
  ],
  moral:
    'a visit can be the best medicine|a good friend is there in good and bad times|a little kindness helps a lot|friends take care of each other',
  feelings: 'happy|glad|relieved|thankful',
  questions: `
    What did [friend.full] have? = [Friend.full] had [ill].
    What did [hero.full] bring? = [Hero.full] brought the [thing].
    Who was sick? = [Friend.full] was sick.`,
}

export const quarrel: Plot = {
  name: 'quarrel',
  cast: { friend: 'friend', wise: 'grand|parent|older' },
  place: 'out play|in home play',
  rows: {
    cause: [
      'which game to play / I want to play tag / I want to play hide and seek / first they played tag and then hide and seek',
      'who should go first / I go first / No, I go first / one went first today, and the other would go first tomorrow',
      'who was the fastest / I am the fastest / No, I am / they ran hand in hand, so that both won',
      'what to build / I want to build a castle / I want to build a ship / they built a castle with a ship in front of it',
      'what color to paint the box / It must be blue / It must be red / they mixed blue and red and made a beautiful purple',
      'which song to sing / I want the song about the moon / I want the song about the bear / they made up a song about a bear on the moon',
      'where to sit / This is my place / No, it is my place / they moved closer, and there was room for both',
      'whose turn it was / It is my turn / No, it is my turn / they counted to ten and took turns',
      'which way to go / We must go left / We must go right / they went left first and came back the other way',
      'who should be the king / I am the king / No, I am the king / there were two kings that day',
      'what to eat / I want soup / I want bread / they dipped the bread into the soup',
    ],
  },
  want: 'cause',
  beats: [
    `- [Day], [hero] and [friend] were [place.in].
     - [Day], [hero] met [friend] [place.in]. They were the best of friends.
     - [Day], [hero] played [place.in] with [friend]. Everything was fine at first.
     - [Day], [hero] went [place.to] together with [friend].`,
    `- But then they could not agree on one thing: [cause]. "[Cause.b]!" said [hero]. "[Cause.c]!" said
       [friend].
     - Soon they began to fight about [cause]. "[Cause.b]!" shouted [hero]. "[Cause.c]!" shouted [friend].
     - But they began to talk about [cause]. "[Cause.b]," said [hero]. "[Cause.c]," said [friend].
     - Then they had a quarrel about [cause]. "[Cause.b]!" cried [hero]. [Friend] stamped on the ground.
       "[Cause.c]!"`,
    `- [Hero] was so angry that [hero.his] face turned red. [Hero.He] turned around and went home.
     - "You are not my friend anymore!" said [friend] and went away.
     - They said mean words to each other. Then both walked away, one to the left and one to the right.
     - Neither of them wanted to give in. They sat back to back and did not speak.
     - "Then I will play alone," said [hero] and stamped away.`,
    `- But it was no fun to be alone. [Hero] missed [friend].
     - After a while, [hero] was not angry anymore, only sad.
     - [Hero] tried to play, but nothing was fun without [friend].
     - An hour went by. It felt like a whole day.
     - [Hero] kicked a stone. Why had [hero.he] been so angry?`,
    `- "Why are you so quiet?" asked [wise]. [Hero] told [wise.him] everything. "Somebody has to say sorry
       first," said [wise] $softly.
     - [Wise] sat down beside [hero]. "What is more important, to be right or to have a friend?" asked [wise].
     - [Hero] went to [wise] and asked what to do. "Saying sorry is hard," said [wise], "but losing a friend
       is harder."
     - "Angry words are like rain," said [wise]. "They go away when the sun comes out. Be the sun!"`,
    `- So [hero] went back to [friend]. "I am sorry," [hero.he] said. "I am sorry, too," said [friend].
     - [Hero] ran to find [friend]. But [friend] was already on the way to [hero]. "Sorry!" they both said at
       the same time.
     - [Hero] took a deep breath and walked up to [friend]. "I was mean. Can you forgive me?" "Yes," said
       [friend], "if you forgive me, too."
     - "Can we be friends again?" asked [hero]. [Friend] $smiled and nodded.`,
    `- They thought about it together, and then they knew what to do: [cause.d].
     - And this time it was easy: [cause.d].
     - Now they found a way that was good for both of them: [cause.d].
     - This is how they solved it: [cause.d].`,
    maybe(
      0.5,
      `- They laughed about their silly fight.
     - [Wise] saw them play and smiled.
     - After that, they did not fight for a long, long time.
     - "Let us never fight again," said [friend].`,
    ),
  ],
  moral:
    'it is brave to say sorry|a friend is more important than being right|it helps to talk to each other|there is often a way that is good for both',
  feelings: 'happy|glad|relieved|light as a feather',
  questions: `
    Who was [hero.full] angry with? = [Hero.full] was angry with [friend.full].
    What did they fight about? = They fought about [cause].
    What did [hero.full] say to [friend.full]? = [Hero.full] said sorry to [friend.full].`,
}
